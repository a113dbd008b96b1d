"""What AWS delivers in our place: bodies that a rule or a schedule sent, made into those that our own code would send.

Ids follow from the event or the slot alone, so that what AWS delivers twice is one thing to whoever consumes it.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CLAIM, DETAIL_TYPE, MARK
from purista_serverless.message import Message
from purista_serverless.message.wire import format_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.aws.codecs.sqs import Record
    from purista_serverless.message.slots import Slot
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

# What is not in a body, no member can be called: nearly all bodies are ours, and are not looked into here.
_EVENT_SIGN = f'"{DETAIL_TYPE}"'
_MARK_SIGN = f'"{MARK}"'


class Unwrapper:
    """Make the bodies of one edge into those that its consumer takes.

    Args:
        trigger: The edge, as the function's trigger names it.
        function: The handler behind it; ``None`` behind a binding.
        ports: Where bodies are kept that were too big for the edge.
    """

    __slots__ = ("_function", "_kind", "_name", "_ports")

    def __init__(self, trigger: str, function: "Function | None", ports: "Ports") -> None:
        self._kind, _, self._name = trigger.partition(":")
        self._function = function
        self._ports = ports

    def body(self, record: "Record") -> bytes:
        """Give the body of a record for its consumer; one that is none of AWS' goes as it came.

        Raises:
            BadEvent: AWS sent something that is not as its documents say.
            InvalidPayload: What AWS sent in our place is not of the queue's type.
            BoundExceeded: It is beyond a bound of the queue.
            Unavailable: A body that was too big for the edge cannot be reached.
        """
        text = record.body
        if self._kind == "gate" or (_EVENT_SIGN not in text and _MARK_SIGN not in text):
            return record.raw
        try:
            wire = parse_json(text)
        except ValueError:
            # The consumer says so, as of any other body.
            return record.raw
        unwrapped = self._unwrapped(wire, record) if isinstance(wire, dict) else None
        return record.raw if unwrapped is None else unwrapped

    def _unwrapped(self, wire: "Mapping[str, Any]", record: "Record") -> bytes | None:
        if wire.get(MARK) == CLAIM:
            return self._fetched(wire)
        # Only now: nearly all functions are never sent such a body.
        from purista_serverless.adapters.aws.codecs import eventbridge, scheduler

        if eventbridge.is_event(wire):
            return self._of_event(wire, record)
        if scheduler.is_slot(wire):
            return self._of_slot(scheduler.decode(wire), record)
        return None

    def _fetched(self, claim: "Mapping[str, Any]") -> bytes:
        ports: Any = self._ports
        body: bytes = ports.claims.fetch(claim)
        return body

    def _of_event(self, wire: "Mapping[str, Any]", record: "Record") -> bytes:
        from purista_serverless.adapters.aws.codecs import eventbridge, scheduler

        detail = wire["detail"]
        if isinstance(detail, dict) and detail.get(MARK) == CLAIM:
            # First: a claim keeps the members of its envelope that rules look at.
            body = self._fetched(detail)
            return body if self._kind != "queue" else self._job_of(Message.decode(body), wire, record)
        if isinstance(detail, dict) and scheduler.is_slot(detail):
            message = _event_of(scheduler.decode(detail), wire, record)
        elif self._kind != "queue" and eventbridge.is_envelope(detail):
            # As it came: also with what this version does not know of.
            return format_json(detail)
        else:
            message = eventbridge.decode(wire)
        return self._job_of(message, wire, record) if self._kind == "queue" else message.encode()

    def _job_of(self, message: Message, wire: "Mapping[str, Any]", record: "Record") -> bytes:
        from purista_serverless.runtime.direct import job_of_event

        event = message.event_name or wire[DETAIL_TYPE]
        return job_of_event(self._target(), message, event, sent=record.sent).encode()

    def _of_slot(self, slot: "Slot", record: "Record") -> bytes | None:
        """Do what the gate of a schedule does that counts no runs."""
        from purista_serverless.runtime.direct import call_of, job_of

        if self._kind == "queue":
            return job_of(slot, self._target(), sent=record.sent).encode()
        if self._kind != "call" or self._function is None:
            return None
        return call_of(slot, self._function, sent=record.sent).encode()

    def _target(self) -> Any:
        """Give the handle of the queue whose worker this is."""
        if self._function is None:
            raise RuntimeError(f"the edge of queue {self._name!r} has no worker behind it")
        return self._function.declaration.target


def _event_of(slot: "Slot", wire: "Mapping[str, Any]", record: "Record") -> Message:
    from purista_serverless.runtime.direct import event_of

    return event_of(slot, slot.event or wire[DETAIL_TYPE], sent=record.sent)
