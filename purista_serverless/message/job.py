"""A job in upstream's queue message."""

from typing import TYPE_CHECKING, Any, Self

from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import format_json, object_of, plain_json, text_in

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_HEADERS = "purista."
TENANT_HEADER = "purista.tenantId"
PRINCIPAL_HEADER = "purista.principalId"
RUN_HEADER = "purista.runId"
SOURCE_EVENT_HEADER = "purista.sourceEventName"
SOURCE_MESSAGE_HEADER = "purista.sourceMessageId"
GENERATION_HEADER = "purista.generation"
TRACEPARENT_HEADER = "traceparent"


_MAX_ATTEMPTS = 10
_LEASE_TTL = 900_000

# By attribute: its name on the wire, its kind, and what stands for it where upstream leaves it out: ``...`` for
# nothing, and ``None`` may be ``null``. A ``dict`` is one of texts, an ``object`` any JSON.
FIELDS: "Mapping[str, tuple[str, type, Any]]" = {
    "id": ("id", str, ...),
    "queue": ("queueName", str, ...),
    "payload": ("payload", object, None),
    "parameter": ("parameter", object, None),
    "headers": ("headers", dict, {}),
    "created_at": ("createdAt", int, 0),
    "scheduled_at": ("scheduledAt", int, None),
    "priority": ("priority", int, 0),
    "attempt": ("attempt", int, 0),
    "max_attempts": ("maxAttempts", int, _MAX_ATTEMPTS),
    "lease_ttl": ("leaseTtlMs", int, _LEASE_TTL),
    "trace_id": ("traceId", str, None),
    "parent_span_id": ("parentSpanId", str, None),
    "correlation_id": ("correlationId", str, None),
    "idempotency_key": ("idempotencyKey", str, None),
    "ordering_key": ("orderingKey", str, None),
}


def _field(name: str) -> Any:
    key, _, default = FIELDS[name]
    if default is None:
        return property(lambda job: job._wire.get(key))  # noqa: SLF001 - a part of the class, written once
    return property(lambda job: job._wire[key])  # noqa: SLF001


class Job:
    """A job in upstream's queue message; immutable. Times and ``lease_ttl`` are in milliseconds.

    It is a view: the message stays as it came, and a field is read when somebody asks for it. A worker's run needs four
    of the sixteen, and copying all of them takes longer than its whole dispatch. Identity, run and generation travel as
    headers, as upstream has it.

    Example:
        >>> job = Job(id="j1", queue="closing", payload={"month": "2026-01"}, created_at=0)
        >>> job.queue, job.replace(attempt=2).attempt
        ('closing', 2)
    """

    __slots__ = ("_body", "_wire")
    _wire: dict[str, Any]
    _body: bytes | str | None

    id: str = _field("id")
    queue: str = _field("queue")
    parameter: Any = _field("parameter")
    headers: "Mapping[str, str]" = _field("headers")
    created_at: int = _field("created_at")
    scheduled_at: int = _field("scheduled_at")
    priority: int = _field("priority")
    attempt: int = _field("attempt")
    max_attempts: int = _field("max_attempts")
    lease_ttl: int = _field("lease_ttl")
    trace_id: str | None = _field("trace_id")
    parent_span_id: str | None = _field("parent_span_id")
    correlation_id: str | None = _field("correlation_id")
    idempotency_key: str | None = _field("idempotency_key")
    ordering_key: str | None = _field("ordering_key")

    def __init__(
        self,
        *,
        id: str,
        queue: str,
        payload: Any,
        created_at: int,
        scheduled_at: int | None = None,
        parameter: Any = None,
        headers: "Mapping[str, str] | None" = None,
        priority: int = 0,
        attempt: int = 0,
        max_attempts: int = _MAX_ATTEMPTS,
        lease_ttl: int = _LEASE_TTL,
        trace_id: str | None = None,
        parent_span_id: str | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
        ordering_key: str | None = None,
    ) -> None:
        self._body = None
        self._wire = {
            "id": id,
            "queueName": queue,
            "payload": payload,
            "parameter": parameter,
            "headers": headers if headers is not None else {},
            "createdAt": created_at,
            "scheduledAt": created_at if scheduled_at is None else scheduled_at,
            "priority": priority,
            "attempt": attempt,
            "maxAttempts": max_attempts,
            "leaseTtlMs": lease_ttl,
            "traceId": trace_id,
            "parentSpanId": parent_span_id,
            "correlationId": correlation_id,
            "idempotencyKey": idempotency_key,
            "orderingKey": ordering_key,
        }

    @classmethod
    def of(cls, wire: dict[str, Any], body: bytes | str | None = None) -> Self:
        """Look at a queue message that has been checked; it is kept, not copied.

        Args:
            wire: The fields under their names on the wire. Those that may be ``None`` may be left out; nobody changes
                it any more.
            body: What it was read from, if its payload is no longer as it came.
        """
        self = cls.__new__(cls)
        self._wire = wire
        self._body = body
        return self

    @property
    def payload(self) -> Any:
        """Give the payload as it came or was given: a JSON value, or raw JSON in bytes."""
        body = self._body
        if body is not None:
            # Nearly nobody asks for it: handlers are given it as their type.
            self._wire = {**self._wire, "payload": object_of(body).get("payload")}
            self._body = None
        return self._wire.get("payload")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in FIELDS)
        return f"Job({shown})"

    @property
    def tenant_id(self) -> str | None:
        """Give the tenant that the job is done for."""
        return self.headers.get(TENANT_HEADER)

    @property
    def principal_id(self) -> str | None:
        """Give the principal that asked for the job."""
        return self.headers.get(PRINCIPAL_HEADER)

    @property
    def run_id(self) -> str | None:
        """Give the schedule run that the job belongs to."""
        return self.headers.get(RUN_HEADER)

    @property
    def own_headers(self) -> dict[str, str]:
        """Give the headers that were given to the enqueue, without those that carry identity, run and trace."""
        ours = (TRACEPARENT_HEADER,)
        return {
            name: text for name, text in self.headers.items() if not name.startswith("purista.") and name not in ours
        }

    @property
    def generation(self) -> int:
        """Give how often the job was redriven from the dead letters."""
        text = self.headers.get(GENERATION_HEADER, "0")
        return int(text) if text.isdecimal() else 0

    @property
    def causation_id(self) -> str | None:
        """Give the message that caused the job, if it came from an event."""
        return self.headers.get(SOURCE_MESSAGE_HEADER)

    @property
    def traceparent(self) -> str | None:
        """Give W3C's trace context of whoever enqueued the job."""
        return self.headers.get(TRACEPARENT_HEADER)

    def to_wire(self) -> dict[str, Any]:
        """Give upstream's queue message as a JSON object; absent fields are left out."""
        payload, parameter = plain_json(self.payload), plain_json(self.parameter)
        wire = {
            **self._wire,
            "payload": payload,
            "parameter": {} if parameter is None else parameter,
            "headers": dict(self.headers),
        }
        return {key: value for key, value in wire.items() if value is not None or key == "payload"}

    def encode(self) -> bytes:
        """Give the queue message as JSON bytes."""
        return format_json(self.to_wire())

    @classmethod
    def from_wire(cls, wire: "Mapping[str, Any]", *, attempt: int = 0) -> "Job":
        """Read a queue message; what upstream may leave out has its default.

        Args:
            wire: The JSON object.
            attempt: Which run this is, where the platform counts; the message's own number when omitted.

        Raises:
            BadEvent: ``id`` or ``queueName`` is missing, a field has another type, or ``maxAttempts`` is below 1.
        """
        get = wire.get
        job_id, queue, headers = get("id"), get("queueName"), get("headers") or {}
        if type(job_id) is not str or type(queue) is not str or type(headers) is not dict:
            problem = "not a queue message: 'id' and 'queueName' must be strings, 'headers' an object"
            raise BadEvent(problem)
        for value in headers.values():
            if type(value) is not str:
                problem = "not a queue message: the values of 'headers' must be strings"
                raise BadEvent(problem)
        created_at, priority, noted = get("createdAt", 0), get("priority", 0), get("attempt", 0)
        max_attempts, lease_ttl = get("maxAttempts", _MAX_ATTEMPTS), get("leaseTtlMs", _LEASE_TTL)
        scheduled_at = get("scheduledAt")
        if scheduled_at is None:
            scheduled_at = created_at
        if not (
            type(created_at) is type(scheduled_at) is type(priority) is type(noted) is int
            and type(max_attempts) is type(lease_ttl) is int
        ):
            problem = (
                "not a queue message: createdAt, scheduledAt, priority, attempt, maxAttempts and leaseTtlMs "
                "must be whole numbers"
            )
            raise BadEvent(problem)
        if max_attempts < 1:
            # Nobody could ever run it, so that it would come again for ever.
            raise BadEvent(f"not a queue message: maxAttempts must be 1 or more, not {max_attempts}")
        return cls.of(
            {
                "id": job_id,
                "queueName": queue,
                "payload": get("payload"),
                "parameter": get("parameter"),
                "headers": headers,
                "createdAt": created_at,
                "scheduledAt": scheduled_at,
                "priority": priority,
                "attempt": attempt or noted,
                "maxAttempts": max_attempts,
                "leaseTtlMs": lease_ttl,
                "traceId": text_in(wire, "traceId"),
                "parentSpanId": text_in(wire, "parentSpanId"),
                "correlationId": text_in(wire, "correlationId"),
                "idempotencyKey": text_in(wire, "idempotencyKey"),
                "orderingKey": text_in(wire, "orderingKey"),
            }
        )

    @classmethod
    def decode(cls, raw: bytes | str, *, attempt: int = 0) -> "Job":
        """Read a queue message from JSON; ``attempt`` as for ``from_wire``.

        Raises:
            BadEvent: The text is not JSON or not a queue message.
        """
        return cls.from_wire(object_of(raw), attempt=attempt)

    def replace(self, **changes: Any) -> "Job":
        """Give a copy with some fields changed."""
        wire = {**self._wire, **{FIELDS[name][0]: value for name, value in changes.items()}}
        return Job.of(wire, None if "payload" in changes else self._body)
