"""What was published is expected until it comes, whichever of the two is seen first."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from purista_serverless.adapters.gcp.emulator.pubsub import Backlog
from purista_serverless.emulation.agenda import Agenda
from purista_serverless.emulation.clock import VirtualClock
from purista_serverless.emulation.platform import Platform

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def platform():
    """Make surroundings that begin with the year."""
    clock = VirtualClock(START)
    return Platform(clock=clock, agenda=Agenda(clock), log=lambda *_: None)


@pytest.fixture
def backlog(platform):
    """Expect the messages of one topic on two subscriptions."""
    found = Backlog(platform)
    found.subscribe("topic", "one")
    found.subscribe("topic", "two")
    return found


def test_a_message_is_expected_on_every_subscription(backlog, platform):
    """Each subscription is busy from the publish on, until whoever took its message says so."""
    with backlog.publishing():
        backlog.published("topic", {"1": "", "2": ""}, START)
        backlog.published("elsewhere", {"3": ""}, START)
    counts = backlog.counts()
    published = backlog.arrived("one", "1", "")

    assert counts == {"one": 2, "two": 2}
    assert published == START
    assert backlog.counts() == {"one": 1, "two": 2}
    with pytest.raises(TimeoutError, match="one, two"):
        platform.activity.wait(0)


def test_a_message_that_comes_before_its_id_is_known_is_the_same_message(backlog, platform):
    """The emulator may deliver before it has answered the publisher; the message is not counted twice."""
    arrived = Event()
    found: list[datetime] = []

    def take() -> None:
        found.append(backlog.arrived("one", "1", ""))
        arrived.set()

    earlier = START - timedelta(days=1)
    with backlog.publishing():
        thread = Thread(target=take)
        thread.start()
        assert not arrived.is_set()
        backlog.published("topic", {"1": ""}, earlier)
    thread.join()

    assert found == [earlier]
    assert backlog.counts() == {"two": 1}


def test_a_message_of_others_is_dated_when_it_comes(backlog, platform):
    """What was published past the door is busy from then on, and has the time of the clock."""
    published = backlog.arrived("one", "9", "")

    assert published >= START
    platform.activity.end("one")
    assert not platform.activity.is_busy


def test_messages_of_a_key_follow_each_other_in_the_order_of_their_publishing(backlog):
    """Only the first that is not done goes on, whichever comes first; another key and no key wait for nobody."""
    with backlog.publishing():
        backlog.published("topic", {"1": "a", "2": "a", "3": "b", "4": ""}, START)
    backlog.arrived("one", "2", "a")
    before = [backlog.is_first("one", id, key) for id, key in (("1", "a"), ("2", "a"), ("3", "b"), ("4", ""))]
    following = backlog.done("one", "a")

    assert before == [True, False, True, True]
    assert following == "2"
    assert backlog.is_first("one", "2", "a")
    assert backlog.done("one", "a") is None
    # The other subscription has an order of its own.
    assert not backlog.is_first("two", "2", "a")
