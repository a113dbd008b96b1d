"""The virtual clock: time moves when told, and timers fire in order."""

from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from purista_serverless.testing.clock import VirtualClock, to_datetime, to_milliseconds

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_time_stands_still_until_it_is_moved():
    """Reading the clock twice gives the same instant; advancing moves it by exactly that much."""
    clock = VirtualClock(START)

    assert clock.now() == clock.now() == to_milliseconds(START)
    clock.advance(timedelta(hours=1))
    assert clock.instant == START + timedelta(hours=1)


def test_timers_fire_in_order_of_time_then_of_setting():
    """Timers of one instant keep the order in which they were set, and see their own time."""
    clock, fired = VirtualClock(0), []
    for name, at in (("late", 20), ("first", 10), ("second", 10)):
        clock.call_at(at, partial(lambda name: fired.append((name, clock.now())), name))

    clock.advance(30)

    assert fired == [("first", 10), ("second", 10), ("late", 20)]
    assert clock.now() == 30


def test_a_timer_may_set_another_within_the_same_advance():
    """What a timer sets is due in the same advance if its time has come."""
    clock, fired = VirtualClock(0), []
    clock.call_at(10, lambda: clock.call_later(5, lambda: fired.append(clock.now())))

    clock.advance(20)

    assert fired == [15]


def test_a_cancelled_timer_does_not_fire():
    """A cancelled timer is passed over and is not waited for."""
    clock = VirtualClock(0)
    timer = clock.call_at(10, lambda: pytest.fail("it was cancelled"))

    timer.cancel()

    assert clock.next_at() is None
    assert not clock.run_next()
    clock.advance(20)


def test_a_timer_in_the_past_fires_now():
    """Time never goes back, also for a timer that should have fired earlier."""
    clock, fired = VirtualClock(100), []
    clock.call_at(10, lambda: fired.append(clock.now()))

    clock.run_next()

    assert fired == [100]


def test_only_instants_with_a_zone_are_taken():
    """A naive datetime could be any instant, so it is refused; zones are translated."""
    with pytest.raises(ValueError, match="has no time zone"):
        VirtualClock(START.replace(tzinfo=None))

    berlin = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert to_datetime(to_milliseconds(berlin)) == START
