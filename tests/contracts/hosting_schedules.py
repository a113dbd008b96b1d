"""Cases that come as slots of a schedule: with the payload straight to its target, or by way of its gate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import BadEvent
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import object_of, plain_json
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.ports import DeadLetter, Ports
from purista_serverless.schedule.expressions import Cron
from purista_serverless.testing.contracts.host import Case, Need, Record, Reply, Settlement
from purista_serverless.testing.contracts.suite import START

SCHEDULE = "Contract.1.scheduled"
GATE = "gate:Clock.1.scheduled"
CALLS = "call:Clock.1.scheduled"
SLOT_LACKS: Mapping[Need, str] = {
    "answers": "Nobody waits for what a schedule starts.",
    "envelopes": "Nobody waits for what a schedule starts.",
    "ids": "A slot has no id: that of the message follows from schedule and slot.",
    "origins": "A slot comes from nobody: its run begins an operation and a trace of its own.",
    "bodies": "A letter holds the message that the host made of the slot.",
}

# Gives what a gate sends for a record, or the letters that it puts away instead.
Knock = Callable[[str, Record], tuple[bytes | None, Sequence[DeadLetter]]]


class GateEntry(Entry):
    """The entry of a gate whose service is at hand."""

    __slots__ = ("service",)

    def __init__(self, service: ServiceBuilder) -> None:
        super().__init__("clock:service", (GATE,), {})
        self.service = service

    def load(self) -> ServiceBuilder:
        """Give the service."""
        return self.service


def deliver_knocks(case: Case, knock: Knock, handle: Callable[[Case], Reply]) -> Reply:
    """Deliver each record as a slot at the gate of a schedule with its payload.

    Args:
        case: What is delivered.
        knock: Knocks at the gate.
        handle: Delivers what the gate has sent.
    """
    knocked = [knock(case.edge, given) for given in case.records]
    passed = [
        replace(given, body=body) for given, (body, _) in zip(case.records, knocked, strict=True) if body is not None
    ]
    reply = handle(replace(case, records=tuple(passed)))
    settlements = iter(reply.settlements)
    return replace(
        reply,
        settlements=tuple(
            Settlement(verdict="acknowledged") if body is None else next(settlements) for body, _ in knocked
        ),
        letters=(*(letter for _, letters in knocked for letter in letters), *reply.letters),
    )


def sent_by_gate(ports: Ports) -> tuple[bytes | None, Sequence[DeadLetter]]:
    """Give what a gate has sent through its ports, and the letters that it has put away."""
    doubles: Any = ports
    sendings = [
        *(message.encode() for message in doubles.events.messages),
        *(job.encode() for job, _ in doubles.queues.sent),
        *(message.encode() for _, message in doubles.schedules.calls),
    ]
    return (sendings[0] if sendings else None), doubles.dead_letters.letters()


def clock_of(edge: str, sent: Message | Job | None) -> ServiceBuilder:
    """Declare a schedule that sends the payload of a message to where that was to go."""
    service = ServiceBuilder("Clock")
    schedule = service.schedule("scheduled", "Sends what a case says")
    when: Any = {"expression": Cron("* * * * *"), "timezone": "UTC", "payload": sent and plain_json(sent.payload)}
    kind, _, name = edge.partition(":")
    if kind == "queue":
        schedule.enqueue(Queue.external(name, dict), **when)
    elif kind == "subscription":
        schedule.emit_event(Event.external("contract.happened", dict), **when)
    else:
        service_name, version, command = name.split(".")
        schedule.invoke(Command.external(service_name, version, command, dict, dict), **when)
    return service


def slot_time(id: str) -> datetime:
    """Give the slot that stands for a message: nearly always another for another id, and on the same day."""
    return START - timedelta(minutes=crc32(id.encode()) % 1_000)


def sent_in(edge: str, body: bytes) -> Message | Job | None:
    """Give the message that a body is, ``None`` if it is none of ours."""
    try:
        object_of(body)
        return Job.decode(body) if edge.startswith("queue:") else Message.decode(body)
    except BadEvent:
        return None
