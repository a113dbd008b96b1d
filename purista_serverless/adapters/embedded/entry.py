"""Run one generated handler in this process: an envelope in, a response or an outcome out.

The ways out of a single function lead nowhere: a handler that emits, enqueues or invokes is hosted with its whole
application, by ``purista_serverless.testing.Simulation`` for instance.
"""

import os
from typing import TYPE_CHECKING, Any, NoReturn

from purista_serverless.errors import Unavailable
from purista_serverless.message import Message
from purista_serverless.message.wire import object_of, parse_json
from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.context import JobControl
from purista_serverless.runtime.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from purista_serverless.message import Job
    from purista_serverless.runtime.entry import Entry
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import DeadLetter, Stored


_HOSTED = ("binding:", "gate:")


class NoWayOut:
    """Every port that leads out of this process, closed."""

    __slots__ = ()

    def publish(self, message: Message) -> None:
        """Refuse."""
        self._refuse(f"event {message.event_name}")

    def send(self, job: "Job", *, delay: int) -> None:
        """Refuse."""
        self._refuse(f"job for {job.queue}")

    def invoke(self, message: Message) -> Message:
        """Refuse."""
        self._refuse(f"command for {message.receiver}")

    async def ainvoke(self, message: Message) -> Message:
        """Refuse."""
        self._refuse(f"command for {message.receiver}")

    def call(self, schedule: str, message: Message) -> None:
        """Refuse."""
        self._refuse(f"call of {schedule}")

    def knock(self, schedule: str) -> None:
        """Refuse."""
        self._refuse(f"knock at {schedule}")

    def put(self, letter: "DeadLetter") -> None:
        """Refuse."""
        self._refuse(f"dead letter of {letter.edge}")

    def read(self, key: str) -> "Stored | None":
        """Refuse."""
        self._refuse(f"record {key}")

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Refuse."""
        self._refuse(f"record {key}")

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Refuse."""
        self._refuse(f"records {prefix}")

    @staticmethod
    def _refuse(what: str) -> NoReturn:
        raise Unavailable(f"{what}: a single function has no way out of its process; host the whole application")


class EnvironmentSettings:
    """Configuration and secrets from environment variables of the same name; configuration is JSON or plain text."""

    __slots__ = ()

    def config(self, name: str) -> str | None:
        """Give the text of a configuration value."""
        return os.environ.get(name)

    def secret(self, name: str) -> str | None:
        """Give a secret."""
        return os.environ.get(name)


def bind(entry: "Entry") -> "Callable[..., Any]":
    """Give a function that takes an envelope (JSON text or object) and gives what came of it, as a JSON object."""
    if entry.triggers[0].startswith(_HOSTED):
        return _hosted(entry)
    function = entry.function()
    closed = NoWayOut()
    ports = Ports(
        clock=SystemClock(),
        events=closed,
        queues=closed,
        commands=closed,
        schedules=closed,
        dead_letters=closed,
        ledger=closed,
        settings=EnvironmentSettings(),
    )

    def handler(event: "bytes | str | dict[str, Any]", _context: object = None) -> dict[str, Any]:
        wire = event if isinstance(event, dict) else object_of(event)
        if function.kind == "command":
            from purista_serverless.runtime.invoke import execute

            return execute(function, Message.from_wire(wire), ports).to_wire()
        return _dispatched(function, wire, ports)

    return handler


def _hosted(entry: "Entry") -> "Callable[..., Any]":
    """Give a function that says where bindings and gates run: what they send leads out of this process."""
    entry.load()

    def handler(_event: object = None, _context: object = None) -> NoReturn:
        raise Unavailable(f"{entry.triggers[0]} sends what it makes to queues and events; host the whole application")

    return handler


def _dispatched(function: "Function", wire: "Mapping[str, Any]", ports: Ports) -> dict[str, Any]:
    from purista_serverless.message.job import Job
    from purista_serverless.runtime.consume import Attempt
    from purista_serverless.runtime.retry import describe

    message = Job.from_wire(wire) if function.kind == "worker" else Message.from_wire(wire)
    outcome = Attempt(function, message, ports, JobControl(1)).run()
    value = getattr(outcome, "value", None)
    return {
        "outcome": type(outcome).__name__,
        "reason": describe(outcome),
        "value": parse_json(value) if value is not None else None,
    }
