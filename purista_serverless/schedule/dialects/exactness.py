"""Whether another scheduler's idea of clock changes matters for a schedule.

A translation has to be exact for the years 2020 to 2040. Far from an offset change every dialect agrees on the wall
clock; what remains is to compare the slots around each change that the zone makes in these years.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from purista_serverless.schedule.cron import MONTH, CronFields
from purista_serverless.schedule.expressions import Cron, DstPolicy
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.schedule.zones import Change, load_zone

YEARS = range(2020, 2041)
# Skipped and repeated times never meet at one change, so that these three disagree wherever any two policies do.
ANY_POLICY = (DstPolicy("skip", "first"), DstPolicy("shift", "second"), DstPolicy("shift", "both"))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR, _DAY = 3600, 86_400


@cache
def changes_of(timezone: str) -> tuple[Change, ...]:
    """List the offset changes of a zone in the years that count."""
    return tuple(change for year in YEARS for change in load_zone(timezone).changes(year))


@lru_cache(maxsize=256)
def touched_changes(cron: Cron, timezone: str) -> tuple[Change, ...]:
    """List the changes that skip or repeat a local time of the expression; policies can differ at these only."""
    wall = Occurrences(cron, "UTC")
    return tuple(change for change in changes_of(timezone) if _touches(wall, change))


def moment(seconds: int) -> datetime:
    """Turn seconds since the epoch into an instant."""
    return _EPOCH + timedelta(seconds=seconds)


def find_difference(cron: Cron, timezone: str, policy: DstPolicy, natives: Iterable[DstPolicy]) -> Change | None:
    """Find the first change at which one of the native policies fires at other instants than the wanted one."""
    wanted = Occurrences(cron, timezone, policy)
    others = [Occurrences(cron, timezone, native) for native in natives if native != policy]
    return next((change for change in touched_changes(cron, timezone) if _differ(wanted, others, change)), None)


def find_slot_near(cron: Cron, timezone: str, changes: Iterable[Change], *, before: int, after: int) -> Change | None:
    """Find the first of the changes that has a slot up to ``before`` seconds earlier or ``after`` seconds later."""
    slots = Occurrences(cron, timezone)
    for change in changes:
        slot = slots.next_after(moment(change.at - before - 1))
        if slot is not None and slot <= moment(change.at + after):
            return change
    return None


def find_lost_midnight(cron: Cron, fields: CronFields, timezone: str) -> Change | None:
    """Find a change that confuses calendar searches built on Go's ``time.Date`` for this schedule.

    Such a search steps from midnight to midnight. Where a change skips midnight it lands an hour off and may miss the
    whole day (if not every day is selected); where a change is no whole hour, its hourly steps leave the hour.
    """
    odd = [change for change in changes_of(timezone) if (change.after - change.before) % _HOUR or _is_off_hour(change)]
    found = find_slot_near(cron, timezone, odd, before=_DAY, after=_DAY)
    if found or (fields.day_rule == "every" and fields.months == MONTH.all_bits):
        return found
    lost = [change for change in changes_of(timezone) if _skips_midnight(change)]
    if fields.months != MONTH.all_bits and any(moment(change.at + change.after).day == 1 for change in lost):
        return lost[0]
    return find_slot_near(cron, timezone, lost, before=0, after=_DAY)


def _touches(wall: Occurrences, change: Change) -> bool:
    first, end = sorted((change.at + change.before, change.at + change.after))
    slot = wall.next_after(moment(first - 1))
    return slot is not None and slot < moment(end)


def _differ(wanted: Occurrences, others: Iterable[Occurrences], change: Change) -> bool:
    width = abs(change.after - change.before)
    start, end = moment(change.at - width - 1), moment(change.at + width)
    expected = _instants(wanted, start, end)
    return any(_instants(other, start, end) != expected for other in others)


def _instants(slots: Occurrences, start: datetime, end: datetime) -> list[datetime]:
    return [slot.astimezone(UTC) for slot in slots.between(start, end)]


def _is_off_hour(change: Change) -> bool:
    return (change.at + change.before) % _HOUR != 0


def _skips_midnight(change: Change) -> bool:
    first, last = change.at + change.before, change.at + change.after - 1
    return change.after > change.before and (first - 1) // _DAY != last // _DAY
