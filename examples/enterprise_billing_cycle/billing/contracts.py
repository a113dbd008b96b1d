"""What Billing offers: types and names only, so that every service may import them."""

from datetime import date, timedelta
from decimal import Decimal

from purista_serverless import Cron, LongRunning, Model, Post, ResultEvents, ServiceBuilder


class CycleDue(Model):
    """A cycle, a month such as ``2026-03``, is to be closed."""

    cycle_id: str


class ClosingJob(Model):
    """Close one cycle."""

    cycle_id: str


class Invoice(Model):
    """What an account pays for a cycle, in EUR."""

    account_id: str
    net: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        """Give what is charged."""
        return self.net + self.vat


class ClosingReport(Model):
    """The invoices of a closed cycle; all of them are paid."""

    cycle_id: str
    invoices: tuple[Invoice, ...]


class AccountPath(Model):
    """The account in the path of a request."""

    account_id: str


class CloseAccount(Model):
    """Why an account is closed."""

    reason: str


class AccountClosed(Model):
    """An account that pays for no further cycle."""

    account_id: str
    closed_on: date
    reason: str


def to_closing_job(due: CycleDue) -> ClosingJob:
    """Make the job of a cycle that is due."""
    return ClosingJob(cycle_id=due.cycle_id)


billing = ServiceBuilder("Billing", version="1", description="Closes monthly billing cycles", owner="finance-platform")

payments_key = billing.secret("PAYMENTS_KEY")
vat_percent = billing.config("VAT_PERCENT", Decimal, default=Decimal(19))

cycle_due = billing.event("billing.monthlyCycleDue", CycleDue)
account_closed = billing.event("billing.accountClosed", AccountClosed)
closing = billing.queue(
    "billing.monthlyClosing",
    ClosingJob,
    "Close one billing cycle",
    profile=LongRunning(max_runtime=timedelta(minutes=8)),
    result=ResultEvents(
        ClosingReport,
        completed="billing.monthlyClosing.completed",
        failed="billing.monthlyClosing.failed",
        delivery="required",
    ),
)
close_account = billing.command(
    "closeAccount",
    CloseAccount,
    AccountClosed,
    "Close one account",
    parameter=AccountPath,
    http=Post("/accounts/{accountId}/close"),
)

monthly_cycle = billing.schedule("monthlyBillingCycle", "Trigger monthly billing on the 1st").emit_event(
    cycle_due,
    expression=Cron("0 2 1 * *"),
    timezone="Europe/Berlin",
    concurrency_policy="forbid",
    missed_run_policy="runOnce",
    idempotency_key="payload.cycleId",
    payload=lambda slot: CycleDue(cycle_id=f"{slot:%Y-%m}"),
)
billing.bind_event_to_queue(
    cycle_due,
    closing,
    map_payload=to_closing_job,
    idempotency_mode="strict",
    idempotency_key="payload.cycleId",
)
