"""Offset changes found by probing are those of the time zone database."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from purista_serverless.schedule.zones import load_zone

SOAK = bool(os.environ.get("PURISTA_SOAK"))
# 2000: Recife had a summer time of a week. 2010: Ramadan in Morocco and Egypt. 2011: Samoa skipped a day.
YEARS = tuple(range(1970, 2041)) if SOAK else (2000, 2011)
NOTHING = timedelta(0)
ZONES = tuple(sorted(available_timezones() - {"localtime"}))


@pytest.mark.parametrize("year", YEARS)
def test_no_change_of_any_zone_is_missed(year):
    """A look at every sixth hour of the year sees the same changes, for every zone."""
    step = timedelta(hours=6)
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    moments = [start + step * number for number in range((end - start) // step + 1)]
    for name in ZONES:
        info = ZoneInfo(name)
        offsets = [int((moment.astimezone(info).utcoffset() or NOTHING).total_seconds()) for moment in moments]
        seen = [
            (moments[number], offsets[number - 1], offsets[number])
            for number in range(1, len(moments))
            if offsets[number] != offsets[number - 1]
        ]
        # A change at the very first instant of the year is seen from the year before only.
        changes = [change for change in load_zone(name).changes(year) if change.at > start.timestamp()]
        assert [(change.before, change.after) for change in changes] == [
            (before, after) for _, before, after in seen
        ], name
        for change, (moment, _, _) in zip(changes, seen, strict=True):
            assert moment - step < datetime.fromtimestamp(change.at, UTC) <= moment, name


def test_a_change_is_exact_to_the_second():
    """Bisection finds the first second with the new offset."""
    (spring, autumn) = load_zone("Europe/Berlin").changes(2027)
    assert datetime.fromtimestamp(spring.at, UTC) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert (spring.before, spring.after) == (3600, 7200)
    assert datetime.fromtimestamp(autumn.at, UTC) == datetime(2027, 10, 31, 1, tzinfo=UTC)


def test_the_days_around_a_change_stay_together_at_the_turn_of_the_year():
    """Samoa's change of 30 December 2011 is one stretch, from whichever day it is asked for."""
    zone = load_zone("Pacific/Apia")
    stretch = zone.stretch(datetime(2011, 12, 30, tzinfo=UTC).date())
    assert stretch.odd is not None
    for ordinal in range(stretch.first, stretch.last + 1):
        assert zone.stretch(datetime.fromordinal(ordinal).date()) == stretch
    after = zone.stretch(datetime.fromordinal(stretch.last + 1).date())
    assert after.odd is None
    assert after.first == stretch.last + 1


def test_a_zone_is_loaded_once():
    """The cache of changes is shared by all schedules of a zone."""
    assert load_zone("Asia/Tokyo") is load_zone("Asia/Tokyo")
