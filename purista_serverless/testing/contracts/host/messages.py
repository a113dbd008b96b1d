"""The messages that the host suite delivers, as upstream's envelopes."""

from typing import Any

from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party
from purista_serverless.message.job import PRINCIPAL_HEADER, TENANT_HEADER, TRACEPARENT_HEADER
from purista_serverless.testing.clock import to_milliseconds
from purista_serverless.testing.contracts.script import Task
from purista_serverless.testing.contracts.suite import START

SENDER = Party("Shop", "7", "checkout", "instance-1")
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
IDENTITY = {"tenant_id": "t", "principal_id": "p"}


def command(payload: Any, name: str = "answer", **fields: Any) -> bytes:
    """Give a command message for a command of the application."""
    return Message(
        **{
            "id": "m1",
            "timestamp": to_milliseconds(START),
            "message_type": COMMAND,
            "payload": wire(payload),
            "sender": SENDER,
            "receiver": Party("Contract", "1", name),
            "traceparent": TRACEPARENT,
            "trace_id": TRACE,
            **IDENTITY,
            **fields,
        }
    ).encode()


def event(payload: Any, **fields: Any) -> bytes:
    """Give an event."""
    return Message(
        **{
            "id": "m1",
            "timestamp": to_milliseconds(START),
            "message_type": CUSTOM_MESSAGE,
            "payload": wire(payload),
            "event_name": "contract.happened",
            "sender": SENDER,
            "traceparent": TRACEPARENT,
            "trace_id": TRACE,
            **IDENTITY,
            **fields,
        }
    ).encode()


def job(payload: Any, **fields: Any) -> bytes:
    """Give a job."""
    return Job(
        **{
            "id": "m1",
            "queue": "contract.jobs",
            "payload": wire(payload),
            "created_at": to_milliseconds(START),
            "headers": {TENANT_HEADER: "t", PRINCIPAL_HEADER: "p", TRACEPARENT_HEADER: TRACEPARENT},
            "trace_id": TRACE,
            **fields,
        }
    ).encode()


def wire(payload: Any) -> Any:
    """Give a task as plain JSON; everything else is that already."""
    return payload.model_dump(mode="json") if isinstance(payload, Task) else payload
