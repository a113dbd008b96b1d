"""In-memory doubles of every port: they keep what they are given, for tests to look at."""

import json
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable
from purista_serverless.runtime.ports import DeadLetter, Ports, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from purista_serverless.message import Job, Message
    from purista_serverless.runtime.ports import (
        Clock,
        CommandPort,
        DeadLetterPort,
        EventPort,
        LedgerStore,
        QueuePort,
        SchedulePort,
        SettingsPort,
    )


class MemoryLedger:
    """A ``LedgerStore`` in a dictionary. Records are kept as JSON text, so that nobody shares them.

    Args:
        clock: The time by which records expire.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._records: dict[str, tuple[int, str, int | None]] = {}

    def read(self, key: str) -> Stored | None:
        """Give the record, or ``None``."""
        found = self._live(key)
        return None if found is None else Stored(found[0], json.loads(found[1]))

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Write if the record's version is ``expected``; say whether it was written."""
        found = self._live(key)
        if (0 if found is None else found[0]) != expected:
            return False
        self._records[key] = (expected + 1, json.dumps(fields), expires)
        return True

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Give all records whose key starts with ``prefix``, in the order of their keys."""
        for key in sorted(key for key in self._records if key.startswith(prefix)):
            stored = self.read(key)
            if stored is not None:
                yield key, stored

    def _live(self, key: str) -> tuple[int, str, int | None] | None:
        found = self._records.get(key)
        if found is None or (found[2] is not None and found[2] <= self._clock.now()):
            return None
        return found


class RecordingEvents:
    """An ``EventPort`` that keeps the events: ``messages``, oldest first."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, message: "Message") -> None:
        """Keep an event."""
        self.messages.append(message)


class RecordingQueues:
    """A ``QueuePort`` that keeps the jobs with their delays in milliseconds: ``sent``, oldest first."""

    def __init__(self) -> None:
        self.sent: list[tuple[Job, int]] = []

    def send(self, job: "Job", *, delay: int) -> None:
        """Keep a job."""
        self.sent.append((job, delay))


class RecordingCommands:
    """A ``CommandPort`` that keeps the commands, ``messages``, and answers them.

    Args:
        answers: By ``(service, version, name)`` of the command, a function from the command's message to its response.
    """

    def __init__(self, answers: "Mapping[tuple[str, str, str], Callable[[Message], Message]] | None" = None) -> None:
        self.messages: list[Message] = []
        self.answers = dict(answers or {})

    def invoke(self, message: "Message") -> "Message":
        """Keep a command and give the response that was set for it.

        Raises:
            Unavailable: None was set.
        """
        self.messages.append(message)
        receiver = message.receiver
        address = ("", "", "") if receiver is None else (receiver.service, receiver.version, receiver.target)
        answer = self.answers.get(address)
        if answer is None:
            raise Unavailable(f"nothing answers {' '.join(address)}; give the test an answer for this command")
        return answer(message)

    async def ainvoke(self, message: "Message") -> "Message":
        """Do the same for an async handler."""
        return self.invoke(message)


class RecordingSchedules:
    """A ``SchedulePort`` that keeps the ``calls`` and the ``knocks``, oldest first."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Message]] = []
        self.knocks: list[str] = []

    def call(self, schedule: str, message: "Message") -> None:
        """Keep a call."""
        self.calls.append((schedule, message))

    def knock(self, schedule: str) -> None:
        """Keep a knock."""
        self.knocks.append(schedule)


class MemoryDeadLetters:
    """A ``DeadLetterPort`` with what tools need besides: ``letters``, ``show``, ``delete`` and ``purge``.

    Of several letters with the same key on one edge only the first is kept.
    """

    def __init__(self) -> None:
        self._letters: dict[tuple[str, str], DeadLetter] = {}

    def put(self, letter: DeadLetter) -> None:
        """Keep a letter."""
        self._letters.setdefault((letter.edge, letter.key), letter)

    def letters(self, edge: str | None = None) -> tuple[DeadLetter, ...]:
        """Give the letters of an edge, or all, oldest first."""
        return tuple(letter for letter in self._letters.values() if edge is None or letter.edge == edge)

    def show(self, edge: str, key: str) -> DeadLetter:
        """Give one letter.

        Raises:
            KeyError: There is none with this key.
        """
        return self._letters[edge, key]

    def delete(self, letter: DeadLetter) -> None:
        """Forget a letter, if it is there."""
        self._letters.pop((letter.edge, letter.key), None)

    def purge(self, edge: str | None = None) -> int:
        """Delete the letters of an edge, or all; say how many there were."""
        found = self.letters(edge)
        for letter in found:
            self.delete(letter)
        return len(found)


class MemorySettings:
    """A ``SettingsPort`` over two mappings.

    Args:
        config: Configuration values by name, as JSON values.
        secrets: Secrets by name.
    """

    def __init__(self, config: "Mapping[str, Any] | None" = None, secrets: "Mapping[str, str] | None" = None) -> None:
        self._config = dict(config or {})
        self._secrets = dict(secrets or {})

    def config(self, name: str) -> Any:
        """Give a configuration value; ``None`` if it is not set."""
        return self._config.get(name)

    def secret(self, name: str) -> str | None:
        """Give a secret; ``None`` if it is not set."""
        return self._secrets.get(name)


def ports(
    clock: "Clock",
    *,
    events: "EventPort | None" = None,
    queues: "QueuePort | None" = None,
    commands: "CommandPort | None" = None,
    schedules: "SchedulePort | None" = None,
    dead_letters: "DeadLetterPort | None" = None,
    ledger: "LedgerStore | None" = None,
    settings: "SettingsPort | None" = None,
    resources: "Mapping[str, Any] | None" = None,
    random: "Callable[[], float] | None" = None,
) -> Ports:
    """Bundle ports for a test: doubles wherever none is given, and no jitter.

    Args:
        clock: The time; a ``VirtualClock`` usually.
        events: Where events go.
        queues: Where jobs go.
        commands: Where commands go.
        schedules: Where a gate's calls and knocks go.
        dead_letters: Where dead letters go.
        ledger: The record store.
        settings: Configuration and secrets.
        resources: What handlers are given, by name.
        random: Gives a number in ``[0, 1)``, for jitter; always 0.5 when omitted, which is no jitter.

    Example:
        >>> from datetime import UTC, datetime
        >>> from purista_serverless.testing.clock import VirtualClock
        >>> outside = ports(VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
        >>> outside.ledger.write("queue:closing/1", {"status": "queued"}, expected=0)
        True
    """
    return Ports(
        clock=clock,
        events=events or RecordingEvents(),
        queues=queues or RecordingQueues(),
        commands=commands or RecordingCommands(),
        schedules=schedules or RecordingSchedules(),
        dead_letters=dead_letters or MemoryDeadLetters(),
        ledger=ledger or MemoryLedger(clock),
        settings=settings or MemorySettings(),
        resources=resources,
        random=random or (lambda: 0.5),
    )
