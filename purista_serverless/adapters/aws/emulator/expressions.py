"""Expressions of EventBridge Scheduler, read back into ours: ``cron()`` with six fields, ``rate()`` and ``at()``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from purista_serverless.errors import DeclarationError
from purista_serverless.schedule.dialects.aws import NATIVE_POLICY
from purista_serverless.schedule.expressions import Cron, Expression, Interval, OneShot
from purista_serverless.schedule.occurrences import Occurrences

_CALL = re.compile(r"(cron|rate|at)\((.+)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)s?")
_HIGHEST = (59, 23, 31, 12, 7)
_WEEKDAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a stored schedule fires.

    Attributes:
        occurrences: Its slots.
        years: The years in which it fires; ``None`` for every year.
        start: It does not fire before.
        end: It does not fire after.
    """

    occurrences: Occurrences
    years: frozenset[int] | None = None
    start: datetime | None = None
    end: datetime | None = None

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Give its slots after an instant, in UTC."""
        for slot in self.occurrences.after(instant):
            if (self.end is not None and slot > self.end) or (self.years and slot.year > max(self.years)):
                return
            if (self.years is None or slot.year in self.years) and (self.start is None or slot >= self.start):
                yield slot.astimezone(UTC)


def read_timetable(
    expression: str, timezone: str, *, created: datetime, start: datetime | None = None, end: datetime | None = None
) -> Timetable:
    """Read an expression.

    Args:
        expression: Such as ``cron(0 2 1 * ? *)``.
        timezone: The zone whose wall clock it reads.
        created: When the schedule was stored: ``rate()`` counts from there, or from ``start``.
        start: It does not fire before.
        end: It does not fire after.

    Raises:
        DeclarationError: It does not parse.

    Example:
        >>> table = read_timetable("cron(0 2 1 * ? *)", "Europe/Berlin", created=datetime(2026, 1, 1, tzinfo=UTC))
        >>> f"{next(table.after(datetime(2026, 3, 15, tzinfo=UTC))):%Y-%m-%d %H:%M}"
        '2026-04-01 00:00'
    """
    found = _CALL.fullmatch(expression.strip())
    if found is None:
        raise DeclarationError(
            f"{expression!r} is no expression of EventBridge Scheduler; write cron(), rate() or at()"
        )
    kind, text = found.groups()
    years: frozenset[int] | None = None
    read: Expression
    if kind == "cron":
        read, years = _read_cron(expression, text)
    elif kind == "rate":
        read = Interval(_read_rate(expression, text), start=start or created)
    else:
        read = _read_at(expression, text)
    occurrences = Occurrences(read, timezone, NATIVE_POLICY)
    return Timetable(occurrences=occurrences, years=years, start=start, end=end)


def _read_cron(expression: str, text: str) -> tuple[Cron, frozenset[int] | None]:
    fields = text.split()
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        fix = "write minutes, hours, day of month, month, day of week, year, with ? as exactly one of the two days"
        raise DeclarationError(f"{expression!r}: {fix}")
    five = [_read_field(place, field) for place, field in enumerate(fields[:5])]
    return Cron(" ".join(five)), _read_years(fields[5])


def _read_field(place: int, field: str) -> str:
    if field == "?":
        return "*"
    return ",".join(_read_item(place, item) for item in field.split(","))


def _read_item(place: int, item: str) -> str:
    """Translate an item: a step that begins at a value gets its end, and Sunday is 0 instead of 1."""
    body, slash, step = item.partition("/")
    if slash and body != "*" and "-" not in body:
        body = f"{body}-{_HIGHEST[place]}"
    if place == _WEEKDAY:
        body = "-".join(str(int(part) - 1) if part.isdigit() else part for part in body.split("-"))
    return f"{body}{slash}{step}"


def _read_years(field: str) -> frozenset[int] | None:
    if field == "*":
        return None
    years: set[int] = set()
    for item in field.split(","):
        first, _, last = item.partition("-")
        years.update(range(int(first), int(last or first) + 1))
    return frozenset(years)


def _read_rate(expression: str, text: str) -> timedelta:
    found = _RATE.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise DeclarationError(f"{expression!r}: write rate(5 minutes), in minutes, hours or days")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _read_at(expression: str, text: str) -> OneShot:
    try:
        return OneShot(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S"))  # noqa: DTZ007 - the zone's wall clock
    except ValueError as error:
        raise DeclarationError(f"{expression!r}: write at(2026-01-31T02:00:00)") from error
