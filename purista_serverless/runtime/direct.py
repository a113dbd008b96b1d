"""What a platform sends in our place: events to queues, and firings of schedules to their targets.

A clock or a rule that needs no code of ours on the way sends what the consumer at the other end cannot read. Here it is
made into what our own code would have sent. Ids follow from the event or the run alone, so that what a platform
delivers twice is one thing to whoever consumes it.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from purista_serverless.message import Job, Message
    from purista_serverless.message.slots import Slot
    from purista_serverless.runtime.function import Function


def job_of_event(queue: Any, message: "Message", event: str, *, sent: int) -> "Job":
    """Do what a binding does that computes nothing: the event's payload is the job's.

    Args:
        queue: The handle of the queue.
        message: The event.
        event: Its name.
        sent: When it was sent, in milliseconds since the epoch.

    Raises:
        InvalidPayload: The payload is not of the queue's type.
        BoundExceeded: It is beyond a bound of the queue.
    """
    from purista_serverless.runtime.enqueue import QueueSpec
    from purista_serverless.runtime.events import bound, own_key

    spec = QueueSpec.of(queue)
    raw = message.payload if type(message.payload) is bytes else format_json(message.payload)
    payload = spec.payload.load_json(raw, f"event {event}")
    return bound(spec, message, event, payload, key=own_key(message)).job(sent, sent)


def job_of(slot: "Slot", queue: Any, *, sent: int) -> "Job":
    """Give the job of a slot, as a gate sends it that counts no runs.

    Args:
        slot: The slot.
        queue: The handle of the queue.
        sent: When it was sent, in milliseconds since the epoch.

    Raises:
        InvalidPayload: The payload is not of the queue's type.
        BoundExceeded: It is beyond a bound of the queue.
    """
    from purista_serverless.runtime.enqueue import Enqueue, QueueSpec
    from purista_serverless.runtime.triggers import RunCause

    order = Enqueue(
        QueueSpec.of(queue),
        format_json(slot.payload),
        format_json(slot.parameter),
        cause=RunCause(slot.run_id),
        origin=slot.run_id,
        idempotency_key=slot.key,
    )
    return order.job(sent, sent)


def call_of(slot: "Slot", function: "Function", *, sent: int) -> "Message":
    """Give the call of a slot to a command's function; ``sent`` in milliseconds since the epoch."""
    from purista_serverless.message import COMMAND, Party

    own, target = function.party, function.declaration.target
    receiver = Party(own.service, own.version, target.name)
    return _message(slot, COMMAND, sent, parameter=format_json(slot.parameter), receiver=receiver)


def event_of(slot: "Slot", event: str, *, sent: int) -> "Message":
    """Give the event of a slot; ``sent`` in milliseconds since the epoch."""
    from purista_serverless.message import CUSTOM_MESSAGE

    return _message(slot, CUSTOM_MESSAGE, sent, event_name=event, idempotency_key=slot.key)


def _message(slot: "Slot", message_type: str, sent: int, **fields: Any) -> "Message":
    from purista_serverless.runtime.triggers import run_message

    payload = format_json(slot.payload)
    return run_message(slot.schedule, message_type, slot.run_id, payload, timestamp=sent, **fields)
