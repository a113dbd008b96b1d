"""Deliver a case to a function on Lambda as what EventBridge sends in our place: slots of schedules, and rules' events.

A schedule without code on its way sends a slot with its payload: straight to a worker's queue, as the detail of an
event, or to the queue of a command's calls. A rule without code sends an event to a worker's queue as it is.
"""

import json
from collections.abc import Mapping
from typing import Any

from purista_serverless.adapters.aws.constants import MARK, SLOT
from purista_serverless.message.wire import plain_json
from purista_serverless.testing.contracts.host import Case, Need, Reply
from purista_serverless.testing.contracts.host.messages import event
from tests.contracts.hosting_aws_host import LambdaHost, records_of
from tests.contracts.hosting_schedules import SCHEDULE, sent_in, slot_time
from tests.unit.aws.wire import bridged

RULE_LACKS: Mapping[Need, str] = {
    "commands": "A rule that needs no code leads to a worker's queue.",
    "events": "A rule that needs no code leads to a worker's queue; those of subscriptions are delivered above.",
    "answers": "Nobody waits for a job.",
    "envelopes": "Nobody waits for a job.",
    "ids": "The id of the job follows from the event's.",
    "bodies": "A letter holds the job that the host made of the event.",
}


def deliver_slots(case: Case) -> Reply:
    """Deliver each record as the slot of a schedule that sends its payload."""
    host = LambdaHost(case, triggers=(f"call:{SCHEDULE}",) if case.edge.startswith("command:") else ())
    return host.reply(
        settlements=host.settle(records_of(case, [(_slot(case, given.body), "") for given in case.records]))
    )


def deliver_events(case: Case) -> Reply:
    """Deliver each job as the event that a rule makes it of."""
    host = LambdaHost(case)
    return host.reply(settlements=host.settle(records_of(case, [(_event(given.body), "") for given in case.records])))


def _slot(case: Case, body: bytes) -> str:
    """Give what Scheduler sends; a body that is no message of ours comes as it is, as anybody may send it."""
    sent = sent_in(case.edge, body)
    if sent is None:
        return body.decode()
    slot: dict[str, Any] = {
        MARK: SLOT,
        "schedule": SCHEDULE,
        "slot": f"{slot_time(sent.id):%Y-%m-%dT%H:%M:%SZ}",
        "payload": plain_json(sent.payload),
    }
    if case.edge.startswith("subscription:"):
        return bridged({**slot, "event": "contract.happened"})
    return json.dumps({**slot, "parameter": None})


def _event(body: bytes) -> str:
    sent = sent_in("queue:", body)
    if sent is None:
        return body.decode()
    fields = {"id": sent.id, "correlation_id": sent.correlation_id}
    return bridged(event(plain_json(sent.payload), **fields))
