"""What comes in our place: messages that Cloud Scheduler or another system published, and claims to bodies.

They are made into those that our own code would have published. Ids follow from Pub/Sub's id of the message, so that
what is delivered twice is one thing to whoever consumes it.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import (
    CLAIM,
    EDGE_ATTRIBUTE,
    EVENT_ATTRIBUTE,
    KNOCK,
    MARK,
    SLOT,
    TRACEPARENT_ATTRIBUTE,
)
from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import format_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.gcp.codecs.push import Pushed
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.gate import Slots
    from purista_serverless.runtime.ports import Ports

# What is not in a body, no member can be called: nearly all bodies are ours, and are not looked into here.
_MARK_SIGN = f'"{MARK}"'.encode()
_ENVELOPE_SIGN = b'"messageType"'

_EVENTS = ("subscription", "binding")

# Milliseconds by which the clock of whoever publishes may be behind the one that fires.
_SKEW = 1_000

# The last year that calendars of every zone can count with, in milliseconds.
_LATEST = 253_370_764_800_000


class Unwrapper:
    """Make the messages of one edge into the bodies that its consumer takes.

    Args:
        trigger: The edge, as the function's trigger names it.
        function: The handler behind it; ``None`` behind a binding or a gate.
        ports: Where bodies are kept that were too big for the edge.
        slots: The slots of the schedule behind a gate.
    """

    __slots__ = ("_function", "_kind", "_name", "_ports", "_slots")

    def __init__(self, trigger: str, function: "Function | None", ports: "Ports", slots: "Slots | None" = None) -> None:
        self._kind, _, self._name = trigger.partition(":")
        self._function = function
        self._ports = ports
        self._slots = slots

    def body(self, pushed: "Pushed") -> bytes:
        """Give the body of a message for its consumer; one of ours goes as it came.

        Raises:
            BadEvent: What came in our place is not as it is written.
            InvalidPayload: What came in our place is not of the queue's type.
            BoundExceeded: It is beyond a bound of the queue.
            Unavailable: A body that was too big for the edge cannot be reached.
        """
        data = pushed.data
        if _MARK_SIGN not in data:
            if self._kind not in _EVENTS or (_ENVELOPE_SIGN in data and EDGE_ATTRIBUTE in pushed.attributes):
                return data
            if _ENVELOPE_SIGN not in data:
                return self._of_others(pushed)
        # What others publish may have such members anywhere: what counts is what the body itself is.
        try:
            wire = parse_json(data)
        except ValueError:
            # The consumer says so, as of any other body.
            return data
        unwrapped = self._unwrapped(wire if isinstance(wire, dict) else {}, pushed)
        return data if unwrapped is None else unwrapped

    def _unwrapped(self, wire: "Mapping[str, Any]", pushed: "Pushed") -> bytes | None:
        if wire.get(MARK) == CLAIM:
            ports: Any = self._ports
            body: bytes = ports.claims.fetch(wire)
            return body
        if wire.get(MARK) == SLOT:
            return self._of_slot(wire, pushed)
        return None if self._kind not in _EVENTS or "messageType" in wire else self._of_others(pushed)

    def _of_slot(self, wire: "Mapping[str, Any]", pushed: "Pushed") -> bytes | None:
        if self._kind == "gate":
            return self._filled_in(wire, pushed)
        # Only now: nearly all functions are never sent such a body.
        from purista_serverless.message import slots
        from purista_serverless.runtime.direct import call_of, event_of, job_of

        # No run of a gate, which is named by its slot's time.
        slot = slots.decode(wire, f"message:{pushed.id}")
        match self._kind:
            case "queue":
                return job_of(slot, self._target(), sent=pushed.sent).encode()
            case "call" if self._function is not None:
                return call_of(slot, self._function, sent=pushed.sent).encode()
            case "subscription" | "binding" if slot.event is not None:
                return event_of(slot, slot.event, sent=pushed.sent).encode()
            case _:
                return None

    def _filled_in(self, wire: "Mapping[str, Any]", pushed: "Pushed") -> bytes | None:
        """Say which slot has fired: the newest up to when that was published.

        Jobs fire more often than some schedules have slots, and before the first one too: then it is a knock.
        """
        if SLOT in wire or self._slots is None:
            return None
        sent = pushed.sent
        if sent >= _LATEST:
            raise BadEvent(f"{self._name} cannot count with {pushed.published}")
        found = self._slots.newest(0, sent + _SKEW, 1)
        return format_json({**wire, SLOT: found[0]} if found else {**wire, MARK: KNOCK})

    def _of_others(self, pushed: "Pushed") -> bytes:
        """Give the envelope of an event that another system published, as its attributes name it."""
        attributes = pushed.attributes
        if "ce-specversion" in attributes:
            from purista_serverless.message.cloudevent import from_http

            return from_http(attributes, pushed.data).encode()
        name = attributes.get(EVENT_ATTRIBUTE)
        if not name:
            return pushed.data
        from purista_serverless.message import CUSTOM_MESSAGE, Message

        try:
            payload = parse_json(pushed.data)
        except ValueError as error:
            raise BadEvent(f"not an event: it is not JSON: {error}") from error
        return Message(
            id=pushed.id,
            timestamp=pushed.sent,
            message_type=CUSTOM_MESSAGE,
            event_name=name,
            payload=payload,
            traceparent=attributes.get(TRACEPARENT_ATTRIBUTE),
        ).encode()

    def _target(self) -> Any:
        """Give the handle of the queue whose worker this is."""
        if self._function is None:
            raise RuntimeError(f"the edge of queue {self._name!r} has no worker behind it")
        return self._function.declaration.target
