"""The in-memory doubles keep what they are given, and a bundle of them is enough for any handler."""

import pytest

from purista_serverless.errors import Unavailable
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing import (
    MemoryDeadLetters,
    MemoryLedger,
    MemorySettings,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
    RecordingSchedules,
    VirtualClock,
    ports,
)
from purista_serverless.testing.contracts.ledger import LedgerContract


class TestMemoryLedger(LedgerContract):
    """The store in a dictionary keeps what every store keeps."""

    def open_store(self, clock):
        """Give an empty store."""
        return MemoryLedger(clock)


def letter(id="a", generation=0, edge="queue:x", reason="no"):
    """Make a dead letter."""
    return DeadLetter(edge=edge, id=id, body=b"{}", reason=reason, attempts=1, generation=generation, at=0)


def message(target="place"):
    """Make a command message."""
    return Message(id="m", timestamp=0, message_type=COMMAND, receiver=Party("Shop", "1", target))


def test_letters_are_kept_once_per_edge_and_key():
    """A copy is dropped; another generation or edge is another letter."""
    letters = MemoryDeadLetters()
    for given in (letter(), letter(reason="copy"), letter(generation=1), letter(edge="queue:y")):
        letters.put(given)

    assert [found.key for found in letters.letters("queue:x")] == ["a:0", "a:1"]
    assert letters.show("queue:x", "a:0").reason == "no"
    assert len(letters.letters()) == 3


def test_letters_are_deleted_and_purged():
    """Deleting what is not there is no error; purging counts."""
    letters = MemoryDeadLetters()
    letters.put(letter())
    letters.put(letter(edge="queue:y"))

    letters.delete(letter())
    letters.delete(letter())

    assert letters.purge("queue:x") == 0
    assert letters.purge() == 1
    with pytest.raises(KeyError):
        letters.show("queue:y", "a:0")


def test_commands_are_kept_and_answered_as_set():
    """The answer belongs to one address; another command cannot be reached."""
    commands = RecordingCommands({("Shop", "1", "place"): lambda message: message.replace(id="answer")})

    assert commands.invoke(message()).id == "answer"
    with pytest.raises(Unavailable, match="Shop 1 cancel"):
        commands.invoke(message("cancel"))
    with pytest.raises(Unavailable):
        commands.invoke(message().replace(receiver=None))
    with pytest.raises(StopIteration):
        commands.ainvoke(message()).send(None)
    assert [given.id for given in commands.messages] == ["m"] * 4


def test_a_bundle_records_what_leaves():
    """Without anything given, every port is a double, and jitter is none."""
    clock = VirtualClock(0)
    events, queues = RecordingEvents(), RecordingQueues()
    settings = MemorySettings({"fee": 3}, {"token": "x"})
    outside = ports(clock, events=events, queues=queues, settings=settings, resources={"a": 1})
    event = Message(id="e", timestamp=0, message_type=CUSTOM_MESSAGE)
    job = Job(id="j", queue="x", payload=None, created_at=0)

    outside.events.publish(event)
    outside.queues.send(job, delay=5)

    assert events.messages == [event]
    assert queues.sent == [(job, 5)]
    assert (outside.settings.config("fee"), outside.settings.secret("token")) == (3, "x")
    assert (outside.settings.config("other"), outside.settings.secret("other")) == (None, None)
    assert (outside.random(), outside.resources, outside.clock) == (0.5, {"a": 1}, clock)


def test_calls_and_knocks_of_schedules_are_kept():
    """A gate's ways out are recorded like the others."""
    schedules = RecordingSchedules()
    schedules.call("nightly", message())
    schedules.knock("nightly")

    assert schedules.calls == [("nightly", message())]
    assert schedules.knocks == ["nightly"]
