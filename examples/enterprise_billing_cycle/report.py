"""The year as tables of plain text."""

from collections.abc import Iterable, Iterator, Sequence

from examples.enterprise_billing_cycle.audit import differences, reports_of, totals_by_account
from examples.enterprise_billing_cycle.billing.contracts import closing
from examples.enterprise_billing_cycle.year import BERLIN, Year
from purista_serverless.message import Success
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing import JobHistory


def text_of(year: Year) -> str:
    """Tell the year: cycles, dead letters, money, and one line that says whether it adds up."""
    sections = (
        "A year of monthly closings on a virtual clock; every fourth message is delivered twice.",
        f"Cycles, in Berlin's time and in EUR\n{table(_cycles(year))}",
        f"Dead letters on 10 September, before the redrive\n{_letters(year.letters_before)}",
        f"Dead letters at the end of the year\n{_letters(year.letters_after)}",
        f"The same money, as the payment provider, the ledger and the customers know it\n{table(_money(year))}",
        f"Dropped because they came twice: {year.book.repeated} entries, {year.outbox.repeated} letters",
        verdict(year),
    )
    return "\n\n".join(sections) + "\n"


def verdict(year: Year) -> str:
    """Say in one line, or in one line per difference, whether everything adds up."""
    found = differences(year)
    closed = sum(job.status == "success" for job in year.simulation.jobs(closing))
    return "\n".join(found) if found else f"{closed} cycles closed, totals add up"


def table(rows: Iterable[Sequence[object]]) -> str:
    """Align rows, the first of which is the heading; columns of numbers stand to the right."""
    columns = [
        _aligned([f"{cell:,}" if not isinstance(cell, str) else cell for cell in column])
        for column in zip(*rows, strict=True)
    ]
    return "\n".join("  ".join(("", *cells)).rstrip() for cells in zip(*columns, strict=True))


def _aligned(column: list[str]) -> list[str]:
    width = max(map(len, column))
    is_number = all(cell.replace(",", "").replace(".", "").isdigit() for cell in column[1:])
    return [cell.rjust(width) if is_number else cell.ljust(width) for cell in column]


def _cycles(year: Year) -> Iterator[Sequence[object]]:
    yield ("cycle", "first attempt", "closed", "attempts", "invoices", "total", "")
    for job in year.simulation.jobs(closing):
        report = reports_of(year)[job.idempotency_key or ""]
        ended = job.attempts[-1].ended_at
        yield (
            report.cycle_id,
            f"{job.attempts[0].started_at.astimezone(BERLIN):%d %b %H:%M}",
            f"{ended.astimezone(BERLIN):%d %b %H:%M}" if ended else "",
            len(job.attempts),
            len(report.invoices),
            sum(invoice.total for invoice in report.invoices),
            _remark(job),
        )


def _remark(job: JobHistory) -> str:
    if job.generation:
        return "redriven"
    failures = sum(not isinstance(attempt.outcome, Success) for attempt in job.attempts)
    if failures:
        return f"{failures} attempts retried"
    return "" if job.attempts[0].started_at.astimezone(BERLIN).day == 1 else "slot missed, run once"


def _letters(letters: tuple[DeadLetter, ...]) -> str:
    if not letters:
        return "  none"
    rows = [(letter.edge, letter.attempts, letter.reason) for letter in letters]
    return table([("edge", "attempts", "reason"), *rows])


def _money(year: Year) -> Iterator[Sequence[object]]:
    yield ("account", "invoices", "charged", "recorded", "notified")
    for row in totals_by_account(year):
        yield (row.name, row.invoices, row.charged, row.recorded, row.notified)
