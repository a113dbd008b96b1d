"""The slots of a schedule: every instant at which an expression fires in a zone, forwards and backwards.

A slot is an aware ``datetime`` in the schedule's zone. Slots are ordered by instant and unique. Python compares two
times of the *same* zone by their wall clock, also in a repeated hour; that is why code here compares with UTC.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time
from functools import lru_cache
from itertools import islice, repeat, takewhile
from typing import assert_never

from purista_serverless.errors import DeclarationError
from purista_serverless.schedule.cron import CronFields, parse_cron, values_of
from purista_serverless.schedule.days import CalendarDays
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot
from purista_serverless.schedule.zones import Stretch, Zone, load_zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = date(MAXYEAR - 1, 12, 31).toordinal()
_FIRST_DAY = date(MINYEAR + 1, 1, 1).toordinal()


class Occurrences:
    """Answer when an expression fires in a zone under a policy for clock changes.

    Args:
        expression: What fires.
        timezone: IANA name of the zone whose wall clock a ``Cron`` reads, and in which slots are given.
        policy: What happens to skipped and repeated local times; shift and first by default.

    Raises:
        CronSyntaxError: The cron expression does not parse.
        UnknownTimezone: No zone has this name.

    Example:
        >>> nightly = Occurrences(Cron("30 2 * * *"), "Europe/Berlin")
        >>> nightly.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()
        '2026-03-29T03:30:00+02:00'
    """

    def __init__(self, expression: Expression, timezone: str, policy: DstPolicy | None = None) -> None:
        self.expression = expression
        self.timezone = timezone
        self.policy = DstPolicy() if policy is None else policy
        self._slots = _slots_of(expression, load_zone(timezone), self.policy)

    def __repr__(self) -> str:
        return f"Occurrences({self.expression!r}, {self.timezone!r}, {self.policy!r})"

    def next_after(self, instant: datetime) -> datetime | None:
        """Find the first slot after an instant; ``None`` when there is none."""
        return next(self.after(instant), None)

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Iterate over the slots after an instant, without an end unless the expression has one."""
        return self._slots.forward(_utc(instant))

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Iterate over the slots after ``start`` up to and including ``end``."""
        last = _utc(end)
        return takewhile(lambda slot: slot <= last, self.after(start))

    def newest(self, start: datetime, end: datetime, limit: int) -> tuple[datetime, ...]:
        """Give the newest ``limit`` slots after ``start`` up to and including ``end``, oldest first.

        The cost depends on ``limit``, not on how long ago ``start`` was.
        """
        first = _utc(start)
        found = takewhile(lambda slot: slot > first, self._slots.backward(_utc(end)))
        return tuple(islice(found, limit))[::-1]

    def previous(self, instant: datetime) -> datetime | None:
        """Find the newest slot at or before an instant; ``None`` when there is none."""
        return next(self._slots.backward(_utc(instant)), None)

    def is_occurrence(self, instant: datetime) -> bool:
        """Tell whether an instant is a slot."""
        slot = self.previous(instant)
        # In UTC, because a repeated local time never equals an instant of another zone (PEP 495).
        return slot is not None and slot.astimezone(UTC) == _utc(instant)


class _Slots(ABC):
    """The slots of one kind of expression, walked from a UTC instant."""

    @abstractmethod
    def forward(self, instant: datetime) -> Iterator[datetime]:
        """Yield the slots after an instant in order."""

    @abstractmethod
    def backward(self, instant: datetime) -> Iterator[datetime]:
        """Yield the slots at or before an instant, newest first."""


class _CronSlots(_Slots):
    """Slots of a cron expression: whole days at once where the clock is regular, time by time around its changes."""

    def __init__(self, fields: CronFields, zone: Zone, policy: DstPolicy) -> None:
        self._zone = zone
        self._policy = policy
        self._days = CalendarDays(fields)
        hours, minutes = values_of(fields.hours), values_of(fields.minutes)
        self._clock = tuple(time(hour, minute) for hour in hours for minute in minutes)
        self._times = tuple(moment.replace(tzinfo=zone.info) for moment in self._clock)
        # The stretch resolved last: on the days around a change, a schedule is asked again and again.
        self._around: tuple[Stretch, list[datetime]] | None = None

    def forward(self, instant: datetime) -> Iterator[datetime]:
        local = instant.astimezone(self._zone.info)
        stretch = self._zone.stretch(local.date())
        if stretch.odd is None:
            yield from self._rest_of_day(local)
            first = local.toordinal() + 1
        else:
            yield from (slot for slot in self._resolve(stretch) if slot > instant)
            first = stretch.last + 1
        while first <= _LAST_DAY:
            stretch = self._zone.stretch(date.fromordinal(first))
            if stretch.odd is None:
                for day in self._days.forward(first, stretch.last):
                    yield from map(datetime.combine, repeat(day), self._times)
            else:
                yield from self._resolve(stretch)
            first = stretch.last + 1

    def backward(self, instant: datetime) -> Iterator[datetime]:
        local = instant.astimezone(self._zone.info)
        stretch = self._zone.stretch(local.date())
        if stretch.odd is None:
            yield from reversed(tuple(self._start_of_day(local)))
            last = local.toordinal() - 1
        else:
            yield from (slot for slot in reversed(self._resolve(stretch)) if slot <= instant)
            last = stretch.first - 1
        while last >= _FIRST_DAY:
            stretch = self._zone.stretch(date.fromordinal(last))
            if stretch.odd is None:
                for day in self._days.backward(last, stretch.first):
                    yield from map(datetime.combine, repeat(day), reversed(self._times))
            else:
                yield from reversed(self._resolve(stretch))
            last = stretch.first - 1

    def _rest_of_day(self, local: datetime) -> Iterator[datetime]:
        passed = bisect_right(self._clock, local.time())
        for day in self._days.forward(local.toordinal(), local.toordinal()):
            yield from map(datetime.combine, repeat(day), self._times[passed:])

    def _start_of_day(self, local: datetime) -> Iterator[datetime]:
        passed = bisect_right(self._clock, local.time())
        for day in self._days.forward(local.toordinal(), local.toordinal()):
            yield from map(datetime.combine, repeat(day), self._times[:passed])

    def _resolve(self, stretch: Stretch) -> list[datetime]:
        if self._around is None or self._around[0] != stretch:
            self._around = stretch, list(self._place(stretch))
        return self._around[1]

    def _place(self, stretch: Stretch) -> Iterator[datetime]:
        """Place the local times of the days around a change; shifted slots may pass or meet others there."""
        assert stretch.odd is not None  # noqa: S101 -- regular days are combined, not placed
        start, end = stretch.odd
        walls = [
            datetime.combine(day, clock)
            for day in self._days.forward(stretch.first, stretch.last)
            for clock in self._clock
        ]
        first, last = bisect_left(walls, start), bisect_left(walls, end)
        odd = (slot for wall in walls[first:last] for slot in self._zone.instants(wall, self._policy))
        yield from (wall.replace(tzinfo=self._zone.info) for wall in walls[:first])
        yield from (slot for _, slot in sorted({slot.astimezone(UTC): slot for slot in odd}.items()))
        yield from (wall.replace(tzinfo=self._zone.info) for wall in walls[last:])


class _IntervalSlots(_Slots):
    """Slots of an interval: counted from its anchor in elapsed time."""

    def __init__(self, interval: Interval, zone: Zone) -> None:
        self._zone = zone
        self._every = interval.every
        self._anchor = _EPOCH if interval.start is None else interval.start.astimezone(UTC)
        self._has_start = interval.start is not None

    def forward(self, instant: datetime) -> Iterator[datetime]:
        number = (instant - self._anchor) // self._every + 1
        slot = self._anchor + (max(number, 0) if self._has_start else number) * self._every
        while slot.year < MAXYEAR:
            yield slot.astimezone(self._zone.info)
            slot += self._every

    def backward(self, instant: datetime) -> Iterator[datetime]:
        slot = self._anchor + (instant - self._anchor) // self._every * self._every
        while slot >= self._anchor or (not self._has_start and slot.year > MINYEAR):
            yield slot.astimezone(self._zone.info)
            slot -= self._every


class _OneShotSlots(_Slots):
    """The slot of a one-shot: one, none when the clock skips it, or two when it repeats and both are wanted."""

    def __init__(self, at: datetime, zone: Zone, policy: DstPolicy) -> None:
        aware = at.utcoffset() is not None
        self._slots = (at.astimezone(UTC).astimezone(zone.info),) if aware else zone.instants(at, policy)

    def forward(self, instant: datetime) -> Iterator[datetime]:
        return (slot for slot in self._slots if slot > instant)

    def backward(self, instant: datetime) -> Iterator[datetime]:
        return (slot for slot in reversed(self._slots) if slot <= instant)


@lru_cache(maxsize=256)
def _cron_slots(text: str, zone: Zone, policy: DstPolicy) -> _CronSlots:
    """Parse once per process: callers make ``Occurrences`` where they need one and keep none."""
    return _CronSlots(parse_cron(text), zone, policy)


def _slots_of(expression: Expression, zone: Zone, policy: DstPolicy) -> _Slots:
    match expression:
        case Cron(value=value):
            return _cron_slots(value, zone, policy)
        case Interval():
            return _IntervalSlots(expression, zone)
        case OneShot(at=at):
            return _OneShotSlots(at, zone, policy)
        case _:
            assert_never(expression)


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise DeclarationError(f"{instant!r} has no time zone; pass an aware datetime such as datetime.now(UTC)")
    return instant.astimezone(UTC)
