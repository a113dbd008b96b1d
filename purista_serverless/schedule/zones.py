"""Time zones as stretches of days: where the clock is regular, and the few days around its changes.

The standard library tells the offset at an instant but not when it changes. Here the changes of a year are found by
probing and bisection, once per zone and year, so that enumeration looks at offsets on the days near a change only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from purista_serverless.errors import UnknownTimezone
from purista_serverless.schedule.expressions import DstPolicy

_DAY_SECONDS = 86_400
# The shortest time between two changes in tzdata since 1970 is just under 7 days (Recife in 2000, Gaza in 2040): a
# probe each 4 days cannot step over such a pair. A test compares the result with the compiled tzdata of every zone.
_PROBE_SECONDS = 4 * _DAY_SECONDS
_FIRST_YEAR, _LAST_YEAR = 1900, 9996
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- naive local and naive UTC times are counted in seconds from here
_EPOCH_ORDINAL = _EPOCH.toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a zone's offset from UTC.

    Attributes:
        at: Seconds since the epoch.
        before: Offset until then, in seconds east of UTC.
        after: Offset from then on.
    """

    at: int
    before: int
    after: int

    @property
    def local_span(self) -> tuple[int, int]:
        """Local seconds since the epoch between which local times are skipped, repeated or receive shifted slots."""
        width = abs(self.after - self.before)
        return self.at + min(self.before, self.after), self.at + max(self.before, self.after) + width


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive days of a zone, either regular or around a change.

    Attributes:
        first: Ordinal of the first day.
        last: Ordinal of the last day.
        odd: Naive local times from which and until which the clock is skipped, repeated or receives shifted slots;
            ``None`` on regular days, where each local time exists once.
    """

    first: int
    last: int
    odd: tuple[datetime, datetime] | None


class Zone:
    """A time zone with its offset changes; get one from ``load_zone``."""

    def __init__(self, info: ZoneInfo) -> None:
        self.info = info
        self._epoch = _EPOCH.replace(tzinfo=info)
        self._changes: dict[int, tuple[Change, ...]] = {}
        self._stretches: dict[int, tuple[Stretch, ...]] = {}

    def changes(self, year: int) -> tuple[Change, ...]:
        """List the offset changes of a UTC year in order; none is known before 1900."""
        if year not in self._changes:
            self._changes[year] = self._find_changes(year) if _FIRST_YEAR <= year <= _LAST_YEAR else ()
        return self._changes[year]

    def stretch(self, day: date) -> Stretch:
        """Find the stretch that a day belongs to; a regular one ends with its year at the latest."""
        if day.year not in self._stretches:
            self._stretches[day.year] = self._cut(day.year)
        ordinal = day.toordinal()
        return next(stretch for stretch in self._stretches[day.year] if ordinal <= stretch.last)

    def instants(self, local: datetime, policy: DstPolicy) -> tuple[datetime, ...]:
        """Place a naive local time: one instant, none (skipped) or two (repeated), as aware times in order."""
        first = local.replace(tzinfo=self.info, fold=0)
        second = local.replace(tzinfo=self.info, fold=1)
        match _offset(first) - _offset(second):
            case 0:
                return (first,)
            case difference if difference < 0:
                # In a gap, fold=0 reads the clock as before the change: exactly what "shift" promises.
                return () if policy.skipped == "skip" else (first.astimezone(UTC).astimezone(self.info),)
            case _:
                return {"first": (first,), "second": (second,), "both": (first, second)}[policy.repeated]

    def _offset_at(self, seconds: int) -> int:
        return _offset(self.info.fromutc(self._epoch + timedelta(seconds=seconds)))

    def _find_changes(self, year: int) -> tuple[Change, ...]:
        start, end = _new_year(year), _new_year(year + 1)
        marks = [*range(start, end, _PROBE_SECONDS), end]
        offsets = [self._offset_at(mark - 1) for mark in marks]
        return tuple(
            self._bisect(low - 1, high - 1, before, after)
            for low, high, before, after in zip(marks, marks[1:], offsets, offsets[1:], strict=False)
            if before != after
        )

    def _bisect(self, low: int, high: int, before: int, after: int) -> Change:
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset_at(middle) == before:
                low = middle
            else:
                high = middle
        return Change(at=high, before=before, after=after)

    def _cut(self, year: int) -> tuple[Stretch, ...]:
        """Cut a year into stretches; those around a change are never cut, also not by the turn of the year."""
        near = [change for nearby in (year - 1, year, year + 1) for change in self.changes(nearby)]
        next_day, last_day = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        stretches: list[Stretch] = []
        for span in _merge([change.local_span for change in near]):
            first, last = map(_ordinal, span)
            if last < next_day or first > last_day:
                continue
            if next_day < first:
                stretches.append(Stretch(first=next_day, last=first - 1, odd=None))
            start, end = (_EPOCH + timedelta(seconds=seconds) for seconds in span)
            stretches.append(Stretch(first=first, last=last, odd=(start, end)))
            next_day = last + 1
        if next_day <= last_day:
            stretches.append(Stretch(first=next_day, last=last_day, odd=None))
        return tuple(stretches)


@cache
def load_zone(name: str) -> Zone:
    """Load a zone of the time zone database; the same object each time.

    Raises:
        UnknownTimezone: No zone has this name; the error suggests the nearest one.
    """
    try:
        return Zone(ZoneInfo(name))
    except (KeyError, ValueError, OSError) as error:
        raise UnknownTimezone(name, _nearest(name)) from error


def _nearest(name: str) -> str | None:
    known = {zone.lower(): zone for zone in available_timezones()}
    by_city = {zone.rpartition("/")[2]: zone for zone in sorted(known)}
    found = get_close_matches(name.lower().replace(" ", "_"), [*known, *by_city], n=1, cutoff=0.7)
    return known[by_city.get(found[0], found[0])] if found else None


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    # A zone of the database knows the offset of every moment.
    assert offset is not None  # noqa: S101
    return offset.days * _DAY_SECONDS + offset.seconds


def _new_year(year: int) -> int:
    return (date(year, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY_SECONDS


def _ordinal(local_seconds: int) -> int:
    return _EPOCH_ORDINAL + local_seconds // _DAY_SECONDS


def _merge(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the spans that share a day."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and _ordinal(start) <= _ordinal(merged[-1][1]):
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
