"""Which days a cron expression selects, month by month as bit sets."""

from collections.abc import Iterator
from datetime import date

from purista_serverless.schedule.cron import CronFields

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2
_MONTH_DAYS = range(1, 32)


class CalendarDays:
    """The days of one cron expression, in either direction."""

    def __init__(self, fields: CronFields) -> None:
        self._months = fields.months
        # One day set per weekday that a month may begin with.
        self._by_first_weekday = tuple(_combine(fields, first) for first in range(7))

    def forward(self, first: int, last: int) -> Iterator[date]:
        """Yield the selected days from one ordinal to another, both included, in order."""
        day, end = date.fromordinal(first), date.fromordinal(last)
        for year, month in _months_between(day, end):
            bits = self._of_month(year, month)
            if (year, month) == (day.year, day.month):
                bits &= -1 << day.day
            if (year, month) == (end.year, end.month):
                bits &= (2 << end.day) - 1
            while bits:
                lowest = bits & -bits
                yield date(year, month, lowest.bit_length() - 1)
                bits ^= lowest

    def backward(self, last: int, first: int) -> Iterator[date]:
        """Yield the selected days from one ordinal down to another, both included."""
        yield from reversed(tuple(self.forward(first, last)))

    def _of_month(self, year: int, month: int) -> int:
        if not self._months >> month & 1:
            return 0
        # Ordinal 1 was a Monday, so that the remainder counts from Sunday = 0.
        return self._by_first_weekday[date(year, month, 1).toordinal() % 7] & ((2 << _length(year, month)) - 1)


def _combine(fields: CronFields, first_weekday: int) -> int:
    by_week = sum(1 << day for day in _MONTH_DAYS if fields.weekdays >> (first_weekday + day - 1) % 7 & 1)
    return fields.days | by_week if fields.either else fields.days & by_week


def _months_between(day: date, end: date) -> Iterator[tuple[int, int]]:
    year, month = day.year, day.month
    while (year, month) <= (end.year, end.month):
        yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _length(year: int, month: int) -> int:
    leap = month == _FEBRUARY and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month] + leap
