"""Deliver one case to a function on Lambda: raw events in, its answer and what its ports were told out."""

import json
from collections.abc import Callable
from typing import Any

from purista_serverless.adapters.aws.entry import bind
from purista_serverless.message import Message
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.invoke import aexecute
from purista_serverless.testing.clock import VirtualClock
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
from tests.unit.aws.wire import AwsDoubles, Invocation, batch, bridged, failures, record

# Gives the body and the message group of a record, and may keep bodies by key in the bucket of claims.
Packing = Callable[[str, bytes, int, dict[str, bytes]], tuple[str, str]]


class LoadedEntry(Entry):
    """An entry whose handler is at hand: those of the suites are made inside of functions and have no import path."""

    __slots__ = ("handler",)

    def __init__(self, function: Function, handler: Any) -> None:
        triggers = tuple(trigger.name for trigger in function.triggers)
        facts = {name: getattr(function, name) for name in ("tracking", "runs", "strict", "recorded", "awaits")}
        super().__init__(f"{function.module}:{function.attribute}", triggers, facts)
        self.handler = handler

    def load(self) -> Any:
        """Give the handler."""
        return self.handler


def deliver(case: Case, packing: Packing) -> Reply:
    """Deliver a case and give what came of it."""
    clock = VirtualClock(START)
    instance = Instance(Unreachable(case.unreachable))
    kept: dict[str, Any] = {
        "events": RecordingEvents(),
        "queues": RecordingQueues(),
        "commands": RecordingCommands(),
        "dead_letters": MemoryDeadLetters(),
    }
    guarded: dict[str, Any] = {name: Guarded(port, name, instance) for name, port in kept.items()}
    ports = AwsDoubles(
        clock,
        settings=MemorySettings(case.config, case.secrets),
        resources=case.resources,
        **guarded,
    )
    kept["commands"].answers.update(answers_of(case, ports))
    handler = bind(entry_of(case), {}, ports)
    response: Message | None = None
    settlements: tuple[Settlement, ...] = ()
    if case.edge.startswith("command:"):
        (given,) = case.records
        response = Message.from_wire(handler(json.loads(given.body), Invocation(clock)))
    else:
        settlements = settle(case, packing, handler, ports)
    return Reply(
        settlements=settlements,
        response=response,
        events=tuple(kept["events"].messages),
        jobs=tuple(job for job, _ in kept["queues"].sent),
        commands=tuple(kept["commands"].messages),
        letters=kept["dead_letters"].letters(),
    )


def settle(case: Case, packing: Packing, handler: Callable[..., Any], ports: AwsDoubles) -> tuple[Settlement, ...]:
    """Deliver a batch and say how each of its records was settled."""
    packed = [packing(case.edge, given.body, number, ports.claims.bodies) for number, given in enumerate(case.records)]
    records = [
        record(body, number=number, receives=given.receives, group=group)
        for number, ((body, group), given) in enumerate(zip(packed, case.records, strict=True))
    ]
    failed = failures(handler(batch(*records), Invocation(ports.clock)))
    assert len(ports.visibility.edges) <= 1, "visibilities are changed once, after the last record"
    # SQS counts every receive and is never told which of them were no attempts.
    counted = not case.unreachable
    return tuple(
        Settlement(verdict="acknowledged")
        if found["messageId"] not in failed
        else Settlement(
            verdict="redelivered", delay=1000 * ports.visibility.seconds[found["receiptHandle"]], counted=counted
        )
        for found in records
    )


def entry_of(case: Case) -> Entry:
    """Give the entry of the function behind an edge."""
    model = case.application.model
    functions = topology_of(model).functions
    function = next(one for one in functions if case.edge in {trigger.name for trigger in one.triggers})
    declared: tuple[Any, ...] = (*model.commands, *model.workers, *model.subscriptions)
    handlers = {str(one.address): one.handler.function for one in declared if one.handler is not None}
    return LoadedEntry(function, handlers[str(function.address)])


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
