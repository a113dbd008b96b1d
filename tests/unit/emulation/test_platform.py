"""What is to happen happens in time and in order, and whoever waits sees all of it done."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from purista_serverless.emulation.activity import Activity
from purista_serverless.emulation.agenda import Agenda
from purista_serverless.emulation.clock import VirtualClock, WallClock
from purista_serverless.emulation.platform import Platform

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    """Begin with the year."""
    return VirtualClock(START)


@pytest.fixture
def platform(clock):
    """Make surroundings without a thread of their own."""
    return Platform(clock=clock, agenda=Agenda(clock), log=lambda *_: None)


def test_things_are_done_in_the_order_of_their_times(clock, platform):
    """What is due is done once, the earliest first, and of one time what was entered first."""
    done: list[str] = []
    for name, hours in (("late", 3), ("second", 1), ("third", 1), ("first", 0)):
        platform.agenda.at(START + hours * HOUR, lambda name=name: done.append(name))
    platform.agenda.run_due()
    at_first = list(done)
    clock.move_to(START + 2 * HOUR)

    assert (at_first, platform.agenda.run_due(), platform.agenda.run_due()) == (["first"], True, False)
    assert done == ["first", "second", "third"]
    assert platform.agenda.next() == START + 3 * HOUR


def test_settling_does_what_is_due_and_what_that_begins(clock, platform):
    """One thing leads to the next, and only when none is left has all settled."""
    done: list[int] = []

    def go_on(number: int) -> None:
        done.append(number)
        if number:
            platform.agenda.at(clock.now(), lambda: go_on(number - 1))

    platform.agenda.at(START, lambda: go_on(3))
    platform.settle(10)

    assert done == [3, 2, 1, 0]
    assert platform.agenda.next() is None


def test_settling_waits_for_what_goes_on(platform):
    """Whoever settles comes back when the last activity has ended."""
    ended = Event()

    def end() -> None:
        ended.set()
        platform.activity.end("work")

    platform.activity.begin("work")
    thread = Thread(target=end)
    thread.start()
    platform.settle(10)
    thread.join()

    assert ended.is_set()
    assert not platform.activity.is_busy


def test_what_goes_on_for_too_long_is_named():
    """The error says what still goes on, and nothing that has ended."""
    activity = Activity()
    activity.begin("push")
    with activity.doing("task"):
        pass

    with pytest.raises(TimeoutError, match="after 0 s this still goes on: push"):
        activity.wait(0)


def test_an_agenda_works_by_itself():
    """On a thread of its own it does what is due, also what is entered while it waits for something later."""
    agenda = Agenda(WallClock())
    done = Event()
    agenda.at(datetime.now(UTC) + HOUR, lambda: None)
    agenda.start()
    agenda.at(datetime.now(UTC), done.set)

    assert done.wait(30)
    agenda.stop()
    agenda.at(datetime.now(UTC), done.clear)
    assert not agenda.run_due()
    assert done.is_set()
