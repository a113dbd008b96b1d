"""The example application: its handlers one by one, and a year of it on three kinds of brokers."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from examples.enterprise_billing_cycle.__main__ import show
from examples.enterprise_billing_cycle.app import app
from examples.enterprise_billing_cycle.audit import CYCLES, differences, reports_of, totals_by_account
from examples.enterprise_billing_cycle.billing.accounts import Account, Accounts
from examples.enterprise_billing_cycle.billing.close_account import close
from examples.enterprise_billing_cycle.billing.close_cycle import close_cycle
from examples.enterprise_billing_cycle.billing.contracts import (
    AccountClosed,
    AccountPath,
    CloseAccount,
    ClosingJob,
    ClosingReport,
    Invoice,
    account_closed,
    closing,
    monthly_cycle,
)
from examples.enterprise_billing_cycle.billing.payments import PaymentProvider
from examples.enterprise_billing_cycle.ledger.book import Book
from examples.enterprise_billing_cycle.ledger.record import record
from examples.enterprise_billing_cycle.notification.letters import send_farewell, send_statements
from examples.enterprise_billing_cycle.notification.outbox import Outbox
from examples.enterprise_billing_cycle.report import text_of
from examples.enterprise_billing_cycle.year import BERLIN, play_year
from purista_serverless import HandledError, QueueResult, RetryLater
from purista_serverless.message import Rejected, Success
from purista_serverless.synth.check import check
from purista_serverless.testing import context
from purista_serverless.testing.descriptors import IDEAL, PUSH_LIKE, SQS_LIKE

BACKENDS = ("ideal", "sqs-like", "push-like")
MARCH = ClosingJob(cycle_id="2026-03")
SECRETS = {"PAYMENTS_KEY": "not-a-real-key"}


@pytest.fixture(scope="module", params=BACKENDS)
def year(request):
    """Play the year once for each kind of broker."""
    return play_year(request.param)


@pytest.fixture
def accounts():
    """Open one account of each tariff."""
    return Accounts(Account(id="acme", tariff="basic", units=100), Account(id="hooli", tariff="gold", units=1_000))


def close_march(accounts, payments, **options):
    """Close March as a plain function call and give the report."""
    ctx = context(close_cycle, secrets=SECRETS, **options)
    return asyncio.run(close_cycle(ctx, MARCH, accounts=accounts, payments=payments))


def march_result():
    """Give the event that tells of a closed March."""
    invoice = Invoice(account_id="acme", net=Decimal("33.90"), vat=Decimal("6.44"))
    report = ClosingReport(cycle_id="2026-03", invoices=(invoice,))
    return QueueResult[ClosingReport](job_id="j1", queue_name=closing.name, status="success", attempt=1, payload=report)


def jobs_by_cycle(year):
    """Give the job of each cycle."""
    return {job.idempotency_key: job for job in year.simulation.jobs(closing)}


class TestCloseCycle:
    """The worker."""

    def test_it_prices_and_charges_every_account(self, accounts):
        """Monthly price and units make the net sum, VAT is added, and the sum of both is charged."""
        payments = PaymentProvider()

        report = close_march(accounts, payments)

        assert report.invoices == (
            Invoice(account_id="acme", net=Decimal("33.90"), vat=Decimal("6.44")),
            Invoice(account_id="hooli", net=Decimal("241.40"), vat=Decimal("45.87")),
        )
        assert payments.payments == {"2026-03/acme": Decimal("40.34"), "2026-03/hooli": Decimal("287.27")}

    def test_vat_is_configured(self, accounts):
        """The configured rate replaces the default."""
        report = close_march(accounts, PaymentProvider(), config={"VAT_PERCENT": "7"})

        assert report.invoices[0].vat == Decimal("2.37")

    def test_an_outage_is_waited_for(self, accounts):
        """While the provider is down the job asks for a retry in half an hour."""
        payments = PaymentProvider(outages={"2026-03/hooli": 1})

        with pytest.raises(RetryLater, match="down") as raised:
            close_march(accounts, payments)

        assert raised.value.delay == timedelta(minutes=30)

    def test_a_rerun_charges_nobody_twice(self, accounts):
        """The second attempt after an outage uses the same keys and completes the payments."""
        payments = PaymentProvider(outages={"2026-03/hooli": 1})
        with pytest.raises(RetryLater):
            close_march(accounts, payments)

        report = close_march(accounts, payments, attempt=2)

        assert sum(payments.payments.values()) == sum(invoice.total for invoice in report.invoices)

    def test_a_wrong_tariff_is_refused_before_anybody_is_charged(self, accounts):
        """No retry invents a tariff: the job is refused with a status that is not retried."""
        accounts.change("hooli", tariff="golf")
        payments = PaymentProvider()

        with pytest.raises(HandledError, match="hooli has the unknown tariff 'golf'") as raised:
            close_march(accounts, payments)

        assert (raised.value.status, payments.payments) == (422, {})

    def test_progress_is_told(self, accounts):
        """Each payment is reported."""
        ctx = context(close_cycle, secrets=SECRETS)

        asyncio.run(close_cycle(ctx, MARCH, accounts=accounts, payments=PaymentProvider()))

        assert ctx.reported == [{"charged": 1, "of": 2}, {"charged": 2, "of": 2}]


class TestCloseAccount:
    """The command."""

    def dispatch(self, accounts, account_id, principal_id="operator"):
        """Run the command as a host does, guards included."""
        now = datetime(2026, 6, 20, tzinfo=UTC)
        ctx = context(close, principal_id=principal_id, now=now, resources={"accounts": accounts})
        return ctx, ctx.dispatch(CloseAccount(reason="moved"), AccountPath(account_id=account_id))

    def test_an_account_is_closed_and_everybody_is_told(self, accounts):
        """The account pays for June and not for July, and one event says so."""
        ctx, outcome = self.dispatch(accounts, "acme")

        assert isinstance(outcome, Success)
        assert ctx.emitted(account_closed) == [
            AccountClosed(account_id="acme", closed_on=date(2026, 6, 20), reason="moved")
        ]
        assert [len(accounts.paying_for(cycle)) for cycle in ("2026-06", "2026-07")] == [2, 1]

    def test_nobody_closes_anonymously(self, accounts):
        """The guard refuses before the handler runs."""
        _, outcome = self.dispatch(accounts, "acme", principal_id=None)

        assert isinstance(outcome, Rejected)
        assert outcome.error.status == 403
        assert accounts.get("acme").closed_on is None

    def test_an_unknown_account_is_not_found(self, accounts):
        """A wrong id is answered, not retried."""
        _, outcome = self.dispatch(accounts, "nobody")

        assert isinstance(outcome, Rejected)
        assert outcome.error.status == 404

    def test_asking_again_repeats_the_answer(self, accounts):
        """An account that is closed keeps its date, and everybody is told again."""
        accounts.change("acme", closed_on=date(2026, 5, 4))
        ctx, outcome = self.dispatch(accounts, "acme")

        assert isinstance(outcome, Success)
        assert [event.closed_on for event in ctx.emitted(account_closed)] == [date(2026, 5, 4)]
        assert accounts.get("acme").closed_on == date(2026, 5, 4)


class TestSubscriptions:
    """What listens to Billing."""

    def test_the_book_has_two_sides_per_invoice(self):
        """Revenue and VAT are written apart, and a copy of the event changes nothing."""
        book = Book()

        for _ in range(2):
            record(context(record), march_result(), book=book)

        assert book.entries == {
            ("2026-03/acme", "revenue"): Decimal("33.90"),
            ("2026-03/acme", "vat"): Decimal("6.44"),
        }
        assert book.repeated == 2

    def test_a_statement_names_the_sum(self):
        """Each customer is told once what was charged."""
        outbox = Outbox()

        for _ in range(2):
            send_statements(context(send_statements), march_result(), outbox=outbox)

        assert [letter.amount for letter in outbox.letters.values()] == [Decimal("40.34")]

    def test_a_customer_who_leaves_gets_a_letter(self):
        """The letter names the date."""
        outbox = Outbox()
        closed = AccountClosed(account_id="acme", closed_on=date(2026, 6, 20), reason="moved")

        send_farewell(context(send_farewell), closed, outbox=outbox)

        assert outbox.letters["farewell/acme"].text == "Your account is closed since 2026-06-20."


class TestYear:
    """Twelve cycles in virtual time, on each kind of broker."""

    def test_every_month_is_closed_once(self, year):
        """There is one job per month and all succeeded."""
        jobs = year.simulation.jobs(closing)

        assert tuple(job.idempotency_key for job in jobs) == CYCLES
        assert {job.status for job in jobs} == {"success"}
        assert tuple(reports_of(year)) == CYCLES

    def test_the_schedule_follows_the_clock_of_berlin(self, year):
        """Cycles start at two o'clock local time in winter and in summer."""
        jobs = jobs_by_cycle(year)
        starts = [jobs[cycle].attempts[0].started_at.astimezone(BERLIN) for cycle in ("2026-01", "2026-07")]

        assert [f"{start:%d %H:%M %z}" for start in starts] == ["01 02:00 +0100", "01 02:00 +0200"]
        assert {run.status for run in year.simulation.runs(monthly_cycle)} == {"closed"}

    def test_march_is_retried(self, year):
        """The provider is down for two attempts, half an hour apart; the third succeeds."""
        attempts = jobs_by_cycle(year)["2026-03"].attempts

        assert [type(attempt.outcome).__name__ for attempt in attempts] == ["Retry", "Retry", "Success"]
        assert attempts[1].started_at - attempts[0].ended_at >= timedelta(minutes=30)

    def test_a_missed_slot_runs_once(self, year):
        """The cycle whose slot nobody served starts when the scheduler is back."""
        first = jobs_by_cycle(year)["2026-05"].attempts[0]

        assert first.started_at.astimezone(BERLIN) == datetime(2026, 5, 2, 9, 30, tzinfo=BERLIN)

    def test_september_is_a_dead_letter_until_it_is_mended(self, year):
        """The refused job waits with its reason, and succeeds after the redrive in its second generation."""
        job = jobs_by_cycle(year)["2026-09"]

        assert [letter.reason for letter in year.letters_before] == [
            "422 account umbrella has the unknown tariff 'golf'"
        ]
        assert year.letters_after == ()
        assert [(type(run.outcome).__name__, run.generation) for run in job.attempts] == [
            ("Rejected", 0),
            ("Success", 1),
        ]

    def test_operations_are_told_of_the_failure(self, year):
        """One letter says why September could not be closed."""
        told = [letter.text for letter in year.outbox.letters.values() if letter.to == "operations"]

        assert told == ["Closing failed: 422 account umbrella has the unknown tariff 'golf'"]

    def test_a_closed_account_pays_no_further_cycle(self, year):
        """The customer who leaves in June has six invoices."""
        row = next(row for row in totals_by_account(year) if row.name == "initech")

        assert row.invoices == 6
        assert year.accounts.get("initech").closed_on == date(2026, 6, 20)

    def test_the_totals_add_up(self, year):
        """Provider, book and letters agree on every invoice, although messages came twice."""
        total = totals_by_account(year)[-1]

        assert differences(year) == ()
        assert total.charged == total.recorded == total.notified == Decimal("30811.50")
        assert total.invoices == 12 * 4 + 6
        assert year.book.repeated > 0
        assert year.outbox.repeated > 0


class TestReport:
    """What `make run` prints."""

    def test_it_ends_with_the_verdict(self, year, capsys):
        """The last line says that all is well, and the program succeeds."""
        assert show(year) == 0
        assert capsys.readouterr().out.endswith("\n12 cycles closed, totals add up\n")

    def test_missing_money_is_told(self, capsys):
        """An entry that is not in the book is named, and the program fails."""
        year = play_year()
        year.book.entries["2026-04/acme", "vat"] -= Decimal("0.01")

        assert show(year) == 1
        assert capsys.readouterr().out.endswith("\n2026-04/acme: 68.45 EUR were invoiced, 68.44 recorded\n")

    def test_a_payment_without_invoice_is_told(self):
        """Money that nobody invoiced is a difference."""
        year = play_year()
        year.payments.payments["2026-13/acme"] = Decimal(1)

        assert differences(year) == ("2026-13/acme: None EUR were invoiced, 1 charged",)

    def test_a_dead_letter_that_is_left_is_told(self, year):
        """The year is not over while a job waits for somebody."""
        unfinished = replace(year, letters_after=year.letters_before)

        assert "unknown tariff" in differences(unfinished)[0]

    def test_two_years_are_alike(self):
        """The same program tells the same story."""
        assert text_of(play_year()) == text_of(play_year())


@pytest.mark.parametrize("adapter", [IDEAL, SQS_LIKE, PUSH_LIKE], ids=lambda adapter: adapter.name)
def test_no_promise_is_refused(adapter):
    """Providers with and without limits can honour what the example declares."""
    assert check(app.model, adapter).problems() == ()
