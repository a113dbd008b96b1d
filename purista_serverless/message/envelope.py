"""A message in upstream's envelope."""

from typing import TYPE_CHECKING, Any, Self

from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import (
    Frozen,
    format_json,
    format_text,
    object_of,
    parse_json,
    plain_json,
    texts_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = "command"
COMMAND_SUCCESS = "commandSuccessResponse"
COMMAND_ERROR = "commandErrorResponse"
CUSTOM_MESSAGE = "customMessage"


class Party:
    """Sender or receiver of a message: service, version, target and, if known, the running instance."""

    __slots__ = ("instance", "service", "target", "version")

    def __init__(self, service: str, version: str, target: str = "", instance: str | None = None) -> None:
        self.service = service
        self.version = version
        self.target = target
        self.instance = instance

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Party) and self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash((self.service, self.version, self.target, self.instance))

    def __repr__(self) -> str:
        return f"Party({self.service!r}, {self.version!r}, {self.target!r}, {self.instance!r})"

    def to_wire(self) -> dict[str, Any]:
        """Give upstream's address object."""
        wire = {"serviceName": self.service, "serviceVersion": self.version, "serviceTarget": self.target}
        if self.instance is not None:
            wire["instanceId"] = self.instance
        return wire

    @classmethod
    def from_wire(cls, wire: "Mapping[str, Any]") -> "Party":
        """Read upstream's address object; missing fields are empty."""
        return cls(
            str(wire.get("serviceName", "")),
            str(wire.get("serviceVersion", "")),
            str(wire.get("serviceTarget", "")),
            None if (instance := wire.get("instanceId")) is None else str(instance),
        )


class _MessageSlots:
    __slots__ = (
        "causation_id",
        "content_encoding",
        "content_type",
        "correlation_id",
        "event_name",
        "generation",
        "id",
        "idempotency_key",
        "is_handled_error",
        "message_type",
        "parameter",
        "payload",
        "principal_id",
        "receiver",
        "run_id",
        "sender",
        "tenant_id",
        "timestamp",
        "trace_id",
        "traceparent",
    )
    id: str
    timestamp: int
    message_type: str
    payload: Any
    parameter: Any
    event_name: str | None
    correlation_id: str | None
    causation_id: str | None
    trace_id: str | None
    traceparent: str | None
    tenant_id: str | None
    principal_id: str | None
    run_id: str | None
    idempotency_key: str | None
    generation: int
    sender: Party | None
    receiver: Party | None
    content_type: str
    content_encoding: str
    is_handled_error: bool | None


class _OpenMessage(_MessageSlots):
    __slots__ = ()


class Message(Frozen, _MessageSlots):
    """A message in upstream's envelope; immutable.

    ``timestamp`` is in milliseconds since the epoch. ``traceparent`` is W3C's; on the wire it is inside ``otp``.
    ``causation_id``, ``run_id`` (the schedule run that it belongs to), ``idempotency_key`` (the work that it asks for,
    where several messages may ask for the same) and ``generation`` (how often it was redriven from the dead letters)
    are ours and are ignored by upstream.
    """

    __slots__ = ()

    def __new__(
        cls,
        *,
        id: str,
        timestamp: int,
        message_type: str,
        payload: Any = None,
        parameter: Any = None,
        event_name: str | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        trace_id: str | None = None,
        traceparent: str | None = None,
        tenant_id: str | None = None,
        principal_id: str | None = None,
        run_id: str | None = None,
        idempotency_key: str | None = None,
        generation: int = 0,
        sender: Party | None = None,
        receiver: Party | None = None,
        content_type: str = "application/json",
        content_encoding: str = "utf-8",
        is_handled_error: bool | None = None,
    ) -> Self:
        """Fill an open twin and close it: one plain store per field instead of a checked one."""
        self: Any = object.__new__(_OpenMessage)
        self.id = id
        self.timestamp = timestamp
        self.message_type = message_type
        self.payload = payload
        self.parameter = parameter
        self.event_name = event_name
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.trace_id = trace_id
        self.traceparent = traceparent
        self.tenant_id = tenant_id
        self.principal_id = principal_id
        self.run_id = run_id
        self.idempotency_key = idempotency_key
        self.generation = generation
        self.sender = sender
        self.receiver = receiver
        self.content_type = content_type
        self.content_encoding = content_encoding
        self.is_handled_error = is_handled_error
        self.__class__ = cls
        return self  # type: ignore[no-any-return]

    def to_wire(self) -> dict[str, Any]:
        """Give upstream's envelope as a JSON object; absent fields are left out."""
        payload = plain_json(self.payload)
        if self.message_type == COMMAND:
            parameter = plain_json(self.parameter)
            payload = {"payload": payload, "parameter": {} if parameter is None else parameter}
        wire: dict[str, Any] = {
            "id": self.id,
            "timestamp": self.timestamp,
            "messageType": self.message_type,
            "contentType": self.content_type,
            "contentEncoding": self.content_encoding,
            "payload": payload,
        }
        for name, key in _OPTIONAL_FIELDS:
            value = getattr(self, name)
            if value is not None:
                wire[key] = value
        if self.generation:
            wire["generation"] = self.generation
        if self.traceparent is not None:
            wire["otp"] = f'{{"traceparent":{format_text(self.traceparent)}}}'
        if self.sender is not None:
            wire["sender"] = self.sender.to_wire()
        if self.receiver is not None:
            wire["receiver"] = self.receiver.to_wire()
        return wire

    def encode(self) -> bytes:
        """Give the envelope as JSON bytes; a payload that is raw JSON already goes in as it is."""
        if type(self.payload) is not bytes or self.message_type == COMMAND:
            return format_json(self.to_wire())
        head = format_json(self.replace(payload=None).to_wire())
        return head.replace(b'"payload":null', b'"payload":' + self.payload, 1)

    def replace(self, **changes: Any) -> "Message":
        """Give a copy with some fields changed."""
        return Message(**{**{name: getattr(self, name) for name in _MessageSlots.__slots__}, **changes})

    @classmethod
    def from_wire(cls, wire: "Mapping[str, Any]") -> "Message":
        """Read an envelope.

        Raises:
            BadEvent: A mandatory field is missing, or a field has another type.
        """
        message_id, message_type = wire.get("id"), wire.get("messageType")
        if not isinstance(message_id, str) or not isinstance(message_type, str):
            problem = "not an envelope: 'id' and 'messageType' must be strings"
            raise BadEvent(problem)
        payload: Any = wire.get("payload")
        parameter: Any = None
        if message_type == COMMAND and isinstance(payload, dict):
            payload, parameter = payload.get("payload"), payload.get("parameter")
        sender, receiver = wire.get("sender"), wire.get("receiver")
        timestamp, generation = wire.get("timestamp"), wire.get("generation")
        texts = texts_in(wire, _TEXT_FIELDS)
        return cls(
            id=message_id,
            timestamp=timestamp if isinstance(timestamp, int) else 0,
            generation=generation if isinstance(generation, int) else 0,
            message_type=message_type,
            payload=payload,
            parameter=parameter,
            sender=Party.from_wire(sender) if isinstance(sender, dict) else None,
            receiver=Party.from_wire(receiver) if isinstance(receiver, dict) else None,
            traceparent=traceparent_of(wire.get("otp")),
            is_handled_error=bool(handled) if (handled := wire.get("isHandledError")) is not None else None,
            content_type=texts.pop("content_type", None) or "application/json",
            content_encoding=texts.pop("content_encoding", None) or "utf-8",
            **texts,
        )

    @classmethod
    def decode(cls, raw: bytes | str) -> "Message":
        """Read an envelope from JSON.

        Raises:
            BadEvent: The text is not JSON or not an envelope.
        """
        return cls.from_wire(object_of(raw))


_OPTIONAL_TEXTS = (
    ("event_name", "eventName"),
    ("correlation_id", "correlationId"),
    ("causation_id", "causationId"),
    ("trace_id", "traceId"),
    ("tenant_id", "tenantId"),
    ("principal_id", "principalId"),
    ("run_id", "runId"),
    ("idempotency_key", "idempotencyKey"),
)
_OPTIONAL_FIELDS: tuple[tuple[str, str], ...] = (*_OPTIONAL_TEXTS, ("is_handled_error", "isHandledError"))
_TEXT_FIELDS = (*_OPTIONAL_TEXTS, ("content_type", "contentType"), ("content_encoding", "contentEncoding"))


def traceparent_of(otp: object) -> str | None:
    """Give W3C's trace context inside upstream's ``otp``, a propagation carrier as JSON text; ``None`` if none is."""
    if not isinstance(otp, str) or "traceparent" not in otp:
        return None
    try:
        carrier = parse_json(otp)
    except ValueError:
        return None
    found = carrier.get("traceparent") if isinstance(carrier, dict) else None
    return found if isinstance(found, str) else None
