"""Messages and jobs for the tests of the ports."""

from typing import Any

from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party

BILLING = Party("Billing", "1", "closeAccount")


def event(id: str = "e1", payload: Any = None, **fields: Any) -> Message:
    """Give an event that the service Billing sends."""
    given = {"event_name": "billing.closed", "sender": BILLING, **fields}
    return Message(id=id, timestamp=1, message_type=CUSTOM_MESSAGE, payload=payload, **given)


def command(id: str = "c1", payload: Any = None, **fields: Any) -> Message:
    """Give a command for ``closeAccount`` of Billing."""
    return Message(id=id, timestamp=1, message_type=COMMAND, payload=payload, parameter={}, receiver=BILLING, **fields)


def job(id: str = "j1", payload: Any = None, **fields: Any) -> Job:
    """Give a job for the queue ``billing.closing``."""
    return Job(id=id, queue="billing.closing", payload=payload, created_at=1, **fields)
