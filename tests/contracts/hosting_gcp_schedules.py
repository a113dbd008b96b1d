"""Deliver a case to a function on Cloud Run as what Cloud Scheduler publishes: to its target, or to a gate."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from purista_serverless.adapters.gcp.constants import MARK, SLOT
from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Record, Reply
from tests.contracts import hosting_schedules
from tests.contracts.hosting_gcp_host import CloudRunHost, published, settled, wrapped
from tests.contracts.hosting_schedules import (
    CALLS,
    GATE,
    SCHEDULE,
    GateEntry,
    clock_of,
    sent_by_gate,
    sent_in,
    slot_time,
)
from tests.unit.gcp.wire import Call, GcpDoubles, push, reply_of


def deliver_slots(case: Case) -> Reply:
    """Deliver each record as a slot that Cloud Scheduler publishes with its payload, to its target's own topic."""
    return _called(case, f"call:{SCHEDULE}", _slot)


def deliver_knocks(case: Case) -> Reply:
    """Deliver each record as a slot at the gate of a schedule with its payload."""
    return hosting_schedules.deliver_knocks(case, _knock, lambda passed: _called(passed, CALLS, wrapped))


def _called(case: Case, calls: str, packing: Any) -> Reply:
    """Deliver the records; a command's come on the edge of a schedule's calls."""
    is_command = case.edge.startswith("command:")
    host = CloudRunHost(case, triggers=(calls,) if is_command else ())
    return settled(host, case, packing, calls if is_command else case.edge)


def _slot(edge: str, given: Record, number: int, bucket: dict[str, bytes]) -> Call:
    """Push what Cloud Scheduler publishes; a body that is no message of ours comes as it is."""
    sent = sent_in(edge, given.body)
    if sent is None:
        return wrapped(edge, given, number, bucket)
    kind, _, name = edge.partition(":")
    target = {"queue": {"queue": name}, "subscription": {"event": "contract.happened"}}.get(kind, {})
    slot = {MARK: SLOT, "schedule": SCHEDULE, "payload": plain_json(sent.payload), **target}
    return push(edge, json.dumps(slot), id=f"published as {sent.id}", attempt=given.receives, published=published())


def _knock(edge: str, given: Record) -> tuple[bytes | None, Sequence[DeadLetter]]:
    sent = sent_in(edge, given.body)
    at = slot_time("" if sent is None else sent.id)
    ports = GcpDoubles(VirtualClock(at + timedelta(seconds=2)))
    gate = bind(GateEntry(clock_of(edge, sent)), {}, ports)
    body = given.body if sent is None else json.dumps({MARK: SLOT, "schedule": GATE.removeprefix("gate:")}).encode()
    call = push(GATE, body, published=f"{at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S.%f}123Z")
    assert reply_of(gate(call.request())).status == 204
    return sent_by_gate(ports)
