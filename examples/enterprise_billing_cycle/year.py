"""A year of billing on a virtual clock: an outage, a mistake that a person mends, a customer who leaves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from examples.enterprise_billing_cycle.app import app
from examples.enterprise_billing_cycle.billing.accounts import Accounts, open_accounts
from examples.enterprise_billing_cycle.billing.contracts import AccountPath, CloseAccount, close_account, closing
from examples.enterprise_billing_cycle.billing.payments import PaymentProvider
from examples.enterprise_billing_cycle.ledger.book import Book
from examples.enterprise_billing_cycle.notification.outbox import Outbox
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing import Faults, Simulation
from purista_serverless.testing.simulation import Backend

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What is left of the year: the simulation with its history, and the outside world.

    ``letters_before`` and ``letters_after`` are the dead letters before and after the redrive.
    """

    simulation: Simulation
    accounts: Accounts
    payments: PaymentProvider
    book: Book
    outbox: Outbox
    letters_before: tuple[DeadLetter, ...]
    letters_after: tuple[DeadLetter, ...]


def play_year(backend: Backend = "ideal") -> Year:
    """Play 2026. Every fourth message is delivered twice, as brokers that deliver at least once may."""
    accounts, book, outbox = open_accounts(), Book(), Outbox()
    payments = PaymentProvider(latency=timedelta(seconds=50), outages={"2026-03/hooli": 2})
    simulation = Simulation(
        app,
        backend=backend,
        start=datetime(2025, 12, 31, 12, tzinfo=BERLIN),
        faults=Faults(2026, duplicate=0.25),
        resources={"accounts": accounts, "payments": payments, "book": book, "outbox": outbox},
        secrets={"PAYMENTS_KEY": "not-a-real-key"},
    )
    miss_a_slot(simulation)
    close_an_account(simulation)
    letters = mistype_a_tariff(simulation, accounts)
    simulation.run_until(datetime(2026, 12, 31, 12, tzinfo=BERLIN))
    simulation.drain()
    return Year(
        simulation=simulation,
        accounts=accounts,
        payments=payments,
        book=book,
        outbox=outbox,
        letters_before=letters,
        letters_after=simulation.dead_letters(closing),
    )


def miss_a_slot(simulation: Simulation) -> None:
    """Stop the scheduler over the 1st of May; ``runOnce`` closes the cycle when it is back."""
    simulation.run_until(datetime(2026, 4, 30, 23, tzinfo=BERLIN))
    simulation.stop_scheduler()
    simulation.run_until(datetime(2026, 5, 2, 9, 30, tzinfo=BERLIN))
    simulation.start_scheduler()


def close_an_account(simulation: Simulation) -> None:
    """Let a customer leave in June; its last cycle is 2026-06."""
    simulation.run_until(datetime(2026, 6, 20, 15, tzinfo=BERLIN))
    operator = simulation.client.on_behalf_of(principal_id="operator-7")
    operator.invoke(close_account, CloseAccount(reason="moved abroad"), AccountPath(account_id="initech"))


def mistype_a_tariff(simulation: Simulation, accounts: Accounts) -> tuple[DeadLetter, ...]:
    """Give an account a tariff that does not exist; the cycle of September waits until somebody mends it."""
    simulation.run_until(datetime(2026, 8, 17, 11, tzinfo=BERLIN))
    accounts.change("umbrella", tariff="golf")
    simulation.run_until(datetime(2026, 9, 10, 9, tzinfo=BERLIN))
    letters = simulation.dead_letters(closing)
    accounts.change("umbrella", tariff="gold")
    for letter in letters:
        simulation.redrive(letter)
    return letters
