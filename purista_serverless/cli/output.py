"""Printing: a value as JSON for programs or as text for people, tables, times, progress."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from purista_serverless.cli.failures import JSON, ExitCode

T = TypeVar("T")

# The last second of the year 9999, in milliseconds since the epoch.
_LAST_DATE = 253_402_300_799_000


def show(shape: Any, text: str) -> None:
    """Print a value as ``--json`` shapes it, or its text."""
    if wants_json():
        click.echo(json.dumps(shape, indent=2, ensure_ascii=False))
    else:
        click.echo(text)


def line_of(shape: Any, text: str) -> str:
    """Give one of several values that a process prints while it goes on: with ``--json`` each is one line."""
    return json.dumps(shape, ensure_ascii=False) if wants_json() else text


def wants_json() -> bool:
    """Say whether ``--json`` was given."""
    return bool(click.get_current_context().meta.get(JSON))


def finish(*, findings: bool) -> None:
    """End with the exit code for findings, if there are any."""
    if findings:
        click.get_current_context().exit(int(ExitCode.FINDINGS))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> str:
    """Align rows below their headings; columns of numbers stand to the right.

    Args:
        headings: One per column.
        rows: What is in them; ``None`` is left blank.
        empty: The text when there is no row.

    Example:
        >>> print(table(["queue", "ready"], [["mail", 12], ["orders.shipping", 3]], empty="no queue"))
        queue            ready
        mail                12
        orders.shipping      3
    """
    content = [list(row) for row in rows]
    if not content:
        return empty
    numeric = [all(isinstance(row[place], int | None) for row in content) for place in range(len(headings))]
    cells = [list(headings), *([_cell(value) for value in row] for row in content)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(row, widths, numeric) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(row, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Align names and values, one pair per line; pairs without a value are left out.

    Example:
        >>> print(fields([("id", "a1"), ("status", "queued"), ("reason", None)]))
        id      a1
        status  queued
    """
    present = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in present), default=0)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in present)


def instant(milliseconds: int | None) -> str | None:
    """Write a time for programs: ISO 8601 in UTC with milliseconds; what no calendar reaches is its last moment.

    Example:
        >>> instant(1767229200000)
        '2026-01-01T01:00:00.000Z'
    """
    if milliseconds is None:
        return None
    return _date(milliseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(milliseconds: int | None) -> str | None:
    """Write a time for people, in UTC and to the second.

    Example:
        >>> moment(1767229200000)
        '2026-01-01 01:00:00'
    """
    if milliseconds is None:
        return None
    return f"{_date(milliseconds):%Y-%m-%d %H:%M:%S}"


def _date(milliseconds: int) -> datetime:
    # A delay may be given in any number of years.
    return datetime.fromtimestamp(min(milliseconds, _LAST_DATE) / 1000, tz=UTC)


def span(duration: timedelta) -> str:
    """Write a duration in its two largest units.

    Example:
        >>> span(timedelta(days=2, hours=3, minutes=4)), span(timedelta(seconds=5)), span(timedelta(0))
        ('2d 3h', '5s', '0s')
    """
    seconds = round(duration.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    parts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        parts.append(f"{count}{unit}" if count else "")
    return " ".join([part for part in parts if part][:2]) or "0s"


def progress(items: Sequence[T], label: str) -> Iterator[T]:
    """Go through items and tell how far it is, on the error stream and only if that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield from bar
