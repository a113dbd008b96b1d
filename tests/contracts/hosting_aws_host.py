"""Deliver one case to a function on Lambda: raw events in, its answer and what its ports were told out."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from purista_serverless.adapters.aws.entry import bind
from purista_serverless.message import Message
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.invoke import aexecute
from purista_serverless.testing.clock import VirtualClock, to_milliseconds
from purista_serverless.testing.contracts.host import Case, Reply, Settlement
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import (
    MemoryDeadLetters,
    MemorySettings,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
)
from purista_serverless.testing.faults import Guarded, Instance
from purista_serverless.topology import Function, topology_of
from tests.contracts.hosting import Unreachable
from tests.unit.aws.wire import FACTS, AwsDoubles, Invocation, batch, bridged, failures, record

# Gives the body and the message group of a record, and may keep bodies by key in the bucket of claims.
Packing = Callable[[str, bytes, int, dict[str, bytes]], tuple[str, str]]


class LoadedEntry(Entry):
    """An entry whose handler is at hand: those of the suites are made inside of functions and have no import path."""

    __slots__ = ("handler",)

    def __init__(self, function: Function, handler: Any, triggers: tuple[str, ...]) -> None:
        own = tuple(trigger.name for trigger in function.triggers)
        facts = {name: getattr(function, name) for name in FACTS}
        super().__init__(f"{function.module}:{function.attribute}", (*own, *triggers), facts)
        self.handler = handler

    def load(self) -> Any:
        """Give the handler."""
        return self.handler


class LambdaHost:
    """A function on Lambda, for one case: its entry, and ports that keep what leaves it.

    Args:
        case: What is delivered.
        triggers: Why the function runs besides what the topology says.
        environment: Its variables.
    """

    def __init__(
        self, case: Case, *, triggers: tuple[str, ...] = (), environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.clock = VirtualClock(START)
        self.kept: dict[str, Any] = {
            "events": RecordingEvents(),
            "queues": RecordingQueues(),
            "commands": RecordingCommands(),
            "dead_letters": MemoryDeadLetters(),
        }
        instance = Instance(Unreachable(case.unreachable))
        guarded: dict[str, Any] = {name: Guarded(port, name, instance) for name, port in self.kept.items()}
        settings = MemorySettings(case.config, case.secrets)
        self.ports = AwsDoubles(self.clock, settings=settings, resources=case.resources, **guarded)
        self.kept["commands"].answers.update(answers_of(case, self.ports))
        self._is_counted = not case.unreachable
        self._handler = bind(entry_of(case, triggers), environment, self.ports)

    def start(self, event: Any) -> Any:
        """Start the function with a raw event and give its raw answer."""
        return self._handler(event, Invocation(self.clock))

    def settle(self, records: Sequence[Any]) -> tuple[Settlement, ...]:
        """Start the function with a batch and say how each of its records was settled."""
        failed = failures(self.start(batch(*records)))
        visibility = self.ports.visibility
        assert len(visibility.edges) <= 1, "visibilities are changed once, after the last record"
        # SQS counts every receive and is never told which of them were no attempts.
        return tuple(
            Settlement(verdict="acknowledged")
            if found["messageId"] not in failed
            else Settlement(
                verdict="redelivered",
                delay=1000 * visibility.seconds[found["receiptHandle"]],
                counted=self._is_counted,
            )
            for found in records
        )

    def reply(self, *, response: Message | None = None, settlements: tuple[Settlement, ...] = ()) -> Reply:
        """Give what was answered, and what left through the ports."""
        return Reply(
            settlements=settlements,
            response=response,
            events=tuple(self.kept["events"].messages),
            jobs=tuple(job for job, _ in self.kept["queues"].sent),
            commands=tuple(self.kept["commands"].messages),
            letters=self.kept["dead_letters"].letters(),
        )


def deliver(case: Case, packing: Packing) -> Reply:
    """Deliver a command as a direct invocation, and everything else in a batch."""
    host = LambdaHost(case)
    if case.edge.startswith("command:"):
        (given,) = case.records
        return host.reply(response=Message.from_wire(host.start(json.loads(given.body))))
    bucket = host.ports.claims.bodies
    packed = [packing(case.edge, given.body, number, bucket) for number, given in enumerate(case.records)]
    return host.reply(settlements=host.settle(records_of(case, packed)))


def records_of(case: Case, packed: Sequence[tuple[str, str]]) -> list[Any]:
    """Give the records of a batch that was sent just now, from the body and the message group of each."""
    records = [
        record(body, number=number, receives=given.receives, group=group)
        for number, ((body, group), given) in enumerate(zip(packed, case.records, strict=True))
    ]
    for found in records:
        found["attributes"]["SentTimestamp"] = str(to_milliseconds(START))
    return records


def entry_of(case: Case, triggers: tuple[str, ...] = ()) -> Entry:
    """Give the entry of the function behind an edge, with further triggers."""
    model = case.application.model
    functions = topology_of(model).functions
    function = next(one for one in functions if case.edge in {trigger.name for trigger in one.triggers})
    declared: tuple[Any, ...] = (*model.commands, *model.workers, *model.subscriptions)
    handlers = {str(one.address): one.handler.function for one in declared if one.handler is not None}
    return LoadedEntry(function, handlers[str(function.address)], triggers)


def answers_of(case: Case, ports: AwsDoubles) -> dict[tuple[str, str, str], Any]:
    """Give the responders of the application's own commands."""
    assembly = assemble(case.application.model)

    def answer(message: Message) -> Message:
        receiver = message.receiver
        assert receiver is not None
        function = assembly.command(receiver.service, receiver.version, receiver.target)
        assert function is not None
        steps = aexecute(function, message, ports)
        try:
            steps.send(None)
        except StopIteration as stop:
            response: Message = stop.value
            return response
        raise AssertionError("a command of the suite waits for something")

    return {(key[0], key[1], key[2]): answer for key in assembly.commands}


def plain(edge: str, body: bytes, _number: int, _bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a job onto its queue as it is, and an event as a rule does."""
    return (bridged(body) if edge.startswith("subscription:") else body.decode()), ""


def grouped(edge: str, body: bytes, number: int, _bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a body onto a FIFO queue, each into a group of its own."""
    return body.decode(), f"group-{number}"


def claimed(edge: str, body: bytes, number: int, bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a body into the bucket, and a claim to it onto the queue."""
    key = f"{edge}/{number}"
    bucket[key] = body
    claim = {"purista": "claim", "key": key, "size": len(body)}
    return (bridged(claim) if edge.startswith("subscription:") else json.dumps(claim)), ""
