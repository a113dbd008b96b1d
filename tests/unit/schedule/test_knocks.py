"""Where five fields cannot say a schedule, jobs fire at each of its slots, and at other times a gate does nothing."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.schedule import Cron, DstPolicy, Interval, Knocks, Occurrences, OneShot, Refusal, Translation
from purista_serverless.schedule.dialects.knocks import knock_at
from purista_serverless.schedule.dialects.unix import translate_google
from tests.unit.schedule.evaluators import clock, fire_google
from tests.unit.schedule.test_translations import FIRST, LAST, ZONES, fire_slots, make_cases

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CASES = 150


def knocks_of(expression, zone="UTC", policy=None) -> Knocks:
    """Give what fires for an expression."""
    found = knock_at("google", expression, zone, policy or DstPolicy())
    assert isinstance(found, Knocks)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_whatever_google_refuses_is_knocked_at(zone):
    """Each slot of two years is a certain firing, also around clock changes, whatever the policy for them."""
    for cron, policy in make_cases(_CASES):
        if isinstance(translate_google(cron, zone, policy), Translation):
            continue
        found = knocks_of(cron, zone, policy)
        on = clock(found.timezone, FIRST, LAST + timedelta(days=1))
        certain = frozenset().union(*(fire_google(text, on).certain for text in found.expressions))
        # A day of the zone begins before that of UTC, or ends after it.
        inside = {slot for slot in fire_slots(cron, zone, policy) if datetime.fromtimestamp(slot, UTC).date() >= FIRST}
        assert inside <= certain, (cron, policy, found)


@given(
    minutes=st.integers(1, 20 * 1_440),
    start=st.one_of(st.none(), st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1))),  # noqa: DTZ001
)
def test_an_interval_of_whole_minutes_is_knocked_at(minutes, start):
    """Whatever the length of an interval, its slots are among the firings."""
    begin = None if start is None else start.replace(second=0, microsecond=0, tzinfo=UTC)
    interval = Interval(timedelta(minutes=minutes), start=begin)
    moments = {moment for text in knocks_of(interval).expressions for moment in daily(text)}
    slots = islice(Occurrences(interval, "UTC").after(datetime(2027, 6, 1, tzinfo=UTC)), 50)

    assert all(((slot - _EPOCH) // timedelta(minutes=1)) % 1_440 in moments for slot in slots)


def daily(text: str) -> set[int]:
    """Give the minutes of a day at which an expression without day fields fires, by the evaluator."""
    on = clock("UTC", FIRST, FIRST)
    return {at // 60 % 1_440 for at in fire_google(text, on).certain}


def test_an_interval_knocks_no_more_often_than_needed():
    """The pace is what an interval and a day have in common."""
    assert knocks_of(Interval(timedelta(minutes=50))).expressions == ("*/10 * * * *",)
    assert knocks_of(Interval(timedelta(days=10))).expressions == ("0 0 * * *",)
    assert "every 60 min" in knocks_of(Interval(timedelta(hours=25))).how


@pytest.mark.parametrize("interval", [Interval(timedelta(seconds=1)), Interval(timedelta(seconds=90))])
def test_what_is_no_whole_minute_is_refused(interval):
    """No job fires between two minutes, and a start cannot have seconds either."""
    late = Interval(timedelta(minutes=1), start=datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC))

    assert isinstance(knock_at("google", interval, "UTC", DstPolicy()), Refusal)
    assert isinstance(knock_at("google", late, "UTC", DstPolicy()), Refusal)


def test_an_instant_is_knocked_at_each_year():
    """The minute of an instant comes each year, and a second inside it is waited for."""
    assert knocks_of(OneShot(datetime(2027, 3, 4, 5, 6, tzinfo=UTC))).expressions == ("6 5 4 3 *",)
    assert knocks_of(OneShot(datetime(2027, 12, 31, 23, 59, 1, tzinfo=UTC))).expressions == ("0 0 1 1 *",)
    assert knocks_of(
        OneShot(datetime(2027, 10, 31, 2, 30)),  # noqa: DTZ001 - a local time of the schedule's zone
        "Europe/Berlin",
        DstPolicy(repeated="both"),
    ).expressions == ("30 0 31 10 *", "30 1 31 10 *")


def test_an_instant_that_never_comes_is_refused():
    """A local time that the clock skips has no minute of a year."""
    skipped = OneShot(datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001 - a local time of the schedule's zone

    assert isinstance(knock_at("google", skipped, "Europe/Berlin", DstPolicy(skipped="skip")), Refusal)


def test_a_day_of_both_fields_is_knocked_at_by_one():
    """A star with a step joins the day fields, of which the day of the month alone is asked for."""
    found = knocks_of(Cron("0 9 */2 * MON"), "Europe/Berlin")

    assert found.expressions == ("0 9 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *",)
    assert found.timezone == "Europe/Berlin"
