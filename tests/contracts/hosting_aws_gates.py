"""Deliver a case by way of a gate on Lambda: a slot wakes the gate's function, what that sends is the handler's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from purista_serverless.adapters.aws.constants import CALL_EDGE, GATE_EDGE, MARK, SLOT
from purista_serverless.adapters.aws.entry import bind
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import format_json, plain_json
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.schedule.expressions import Cron
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Record, Reply, Settlement
from tests.contracts.hosting_aws_host import LambdaHost, plain, records_of
from tests.contracts.hosting_aws_slots import sent_in, slot_time
from tests.unit.aws.wire import AwsDoubles, Invocation, batch, failures, record

GATE = f"{GATE_EDGE}Clock.1.scheduled"
CALLS = f"{CALL_EDGE}Clock.1.scheduled"


class GateEntry(Entry):
    """The entry of a gate whose service is at hand."""

    __slots__ = ("service",)

    def __init__(self, service: ServiceBuilder) -> None:
        super().__init__("clock:service", (GATE,), {})
        self.service = service

    def load(self) -> ServiceBuilder:
        """Give the service."""
        return self.service


def deliver_knocks(case: Case) -> Reply:
    """Deliver each record as a slot at the gate of a schedule with its payload."""
    knocked = [_knock(case.edge, given) for given in case.records]
    passed = [
        replace(given, body=body) for given, (body, _) in zip(case.records, knocked, strict=True) if body is not None
    ]
    reply = _handle(replace(case, records=tuple(passed)))
    settlements = iter(reply.settlements)
    return replace(
        reply,
        settlements=tuple(
            Settlement(verdict="acknowledged") if body is None else next(settlements) for body, _ in knocked
        ),
        letters=(*(letter for _, letters in knocked for letter in letters), *reply.letters),
    )


def _knock(edge: str, given: Record) -> tuple[bytes | None, Sequence[DeadLetter]]:
    """Give what a gate sends for a record, or the letters that it puts away instead."""
    sent = sent_in(edge, given.body)
    body, at = (given.body, slot_time("")) if sent is None else (_slot(sent), slot_time(sent.id))
    ports = AwsDoubles(VirtualClock(at))
    gate = bind(GateEntry(_clock(edge, sent)), {}, ports)
    assert failures(gate(batch(record(body)), Invocation(ports.clock))) == []
    doubles: Any = ports
    sendings = [
        *(message.encode() for message in doubles.events.messages),
        *(job.encode() for job, _ in doubles.queues.sent),
        *(message.encode() for _, message in doubles.schedules.calls),
    ]
    return (sendings[0] if sendings else None), doubles.dead_letters.letters()


def _slot(sent: Message | Job) -> bytes:
    return format_json(
        {MARK: SLOT, "schedule": "Clock.1.scheduled", "slot": f"{slot_time(sent.id):%Y-%m-%dT%H:%M:%SZ}"}
    )


def _clock(edge: str, sent: Message | Job | None) -> ServiceBuilder:
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


def _handle(case: Case) -> Reply:
    """Deliver what a gate sent: jobs and events as everything else that is sent, calls on an edge of their own."""
    host = LambdaHost(case, triggers=(CALLS,) if case.edge.startswith("command:") else ())
    packed = [plain(case.edge, given.body, number, {}) for number, given in enumerate(case.records)]
    return host.reply(settlements=host.settle(records_of(case, packed)))
