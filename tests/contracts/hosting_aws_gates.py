"""Deliver a case by way of a gate on Lambda: a slot wakes the gate's function, what that sends is the handler's."""

from collections.abc import Sequence

from purista_serverless.adapters.aws.constants import MARK, SLOT
from purista_serverless.adapters.aws.entry import bind
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Record, Reply
from tests.contracts import hosting_schedules
from tests.contracts.hosting_aws_host import LambdaHost, plain, records_of
from tests.contracts.hosting_schedules import CALLS, GateEntry, clock_of, sent_by_gate, sent_in, slot_time
from tests.unit.aws.wire import AwsDoubles, Invocation, batch, failures, record


def deliver_knocks(case: Case) -> Reply:
    """Deliver each record as a slot at the gate of a schedule with its payload."""
    return hosting_schedules.deliver_knocks(case, _knock, _handle)


def _knock(edge: str, given: Record) -> tuple[bytes | None, Sequence[DeadLetter]]:
    """Give what a gate sends for a record, or the letters that it puts away instead."""
    sent = sent_in(edge, given.body)
    body, at = (given.body, slot_time("")) if sent is None else (_slot(sent), slot_time(sent.id))
    ports = AwsDoubles(VirtualClock(at))
    gate = bind(GateEntry(clock_of(edge, sent)), {}, ports)
    assert failures(gate(batch(record(body)), Invocation(ports.clock))) == []
    return sent_by_gate(ports)


def _slot(sent: Message | Job) -> bytes:
    return format_json(
        {MARK: SLOT, "schedule": "Clock.1.scheduled", "slot": f"{slot_time(sent.id):%Y-%m-%dT%H:%M:%SZ}"}
    )


def _handle(case: Case) -> Reply:
    """Deliver what a gate sent: jobs and events as everything else that is sent, calls on an edge of their own."""
    host = LambdaHost(case, triggers=(CALLS,) if case.edge.startswith("command:") else ())
    packed = [plain(case.edge, given.body, number, {}) for number, given in enumerate(case.records)]
    return host.reply(settlements=host.settle(records_of(case, packed)))
