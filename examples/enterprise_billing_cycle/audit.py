"""The audit: what was charged, what is in the book and what customers were told must be the same money."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from examples.enterprise_billing_cycle.billing.contracts import ClosingReport, closing
from examples.enterprise_billing_cycle.year import Year

CYCLES = tuple(f"2026-{month:02}" for month in range(1, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The money of one account, or of all, in EUR, as three parties know it."""

    name: str
    invoices: int
    charged: Decimal
    recorded: Decimal
    notified: Decimal


def reports_of(year: Year) -> dict[str, ClosingReport]:
    """Give the report of each closed cycle; a result event that arrived twice is one report."""
    return {event.result.cycle_id: event.result for event in year.simulation.events(closing.completed)}


def charged(year: Year) -> Mapping[str, Decimal]:
    """Give what the provider charged, by invoice: ``2026-03/hooli`` for instance."""
    return year.payments.payments


def recorded(year: Year) -> Mapping[str, Decimal]:
    """Give what the book says, by invoice: revenue and VAT together."""
    book = year.book.entries
    return {
        invoice: book[invoice, "revenue"] + book[invoice, "vat"] for invoice in dict.fromkeys(key for key, _ in book)
    }


def notified(year: Year) -> Mapping[str, Decimal]:
    """Give what customers were told, by invoice."""
    return {key: letter.amount for key, letter in year.outbox.letters.items() if letter.amount}


def totals_by_account(year: Year) -> tuple[Totals, ...]:
    """Give the totals of each account, and of all as the last row."""
    names = sorted({invoice.rpartition("/")[2] for invoice in charged(year)})
    return (*(_totals(year, name, f"/{name}") for name in names), _totals(year, "total", ""))


def differences(year: Year) -> tuple[str, ...]:
    """Tell everything that does not add up; nothing if all is well."""
    return (*_unclosed(year), *_unequal(year))


def _totals(year: Year, name: str, ending: str) -> Totals:
    paid = {invoice: amount for invoice, amount in charged(year).items() if invoice.endswith(ending)}
    return Totals(
        name=name,
        invoices=len(paid),
        charged=sum(paid.values(), Decimal(0)),
        recorded=sum((amount for key, amount in recorded(year).items() if key.endswith(ending)), Decimal(0)),
        notified=sum((amount for key, amount in notified(year).items() if key.endswith(ending)), Decimal(0)),
    )


def _unclosed(year: Year) -> Iterator[str]:
    jobs = year.simulation.jobs(closing)
    if tuple(job.idempotency_key for job in jobs) != CYCLES:
        yield f"expected one job for each month, got {[job.idempotency_key for job in jobs]}"
    yield from (f"cycle {job.idempotency_key} is {job.status}" for job in jobs if job.status != "success")
    yield from (f"dead letter {letter.id}: {letter.reason}" for letter in year.letters_after)


def _unequal(year: Year) -> Iterator[str]:
    invoiced = {
        f"{cycle_id}/{invoice.account_id}": invoice.total
        for cycle_id, report in reports_of(year).items()
        for invoice in report.invoices
    }
    for name, amounts in (("charged", charged(year)), ("recorded", recorded(year)), ("notified", notified(year))):
        for invoice in sorted(invoiced.keys() | amounts.keys()):
            if invoiced.get(invoice) != amounts.get(invoice):
                yield f"{invoice}: {invoiced.get(invoice)} EUR were invoiced, {amounts.get(invoice)} {name}"
