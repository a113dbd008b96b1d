"""A job in upstream's queue message."""

from typing import TYPE_CHECKING, Any, Self

from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import Frozen, format_json, object_of, plain_json, text_in

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


class _JobSlots:
    __slots__ = (
        "attempt",
        "correlation_id",
        "created_at",
        "headers",
        "id",
        "idempotency_key",
        "lease_ttl",
        "max_attempts",
        "ordering_key",
        "parameter",
        "parent_span_id",
        "payload",
        "priority",
        "queue",
        "scheduled_at",
        "trace_id",
    )
    id: str
    queue: str
    payload: Any
    parameter: Any
    headers: "Mapping[str, str]"
    created_at: int
    scheduled_at: int
    priority: int
    attempt: int
    max_attempts: int
    lease_ttl: int
    trace_id: str | None
    parent_span_id: str | None
    correlation_id: str | None
    idempotency_key: str | None
    ordering_key: str | None


class _OpenJob(_JobSlots):
    __slots__ = ()


class Job(Frozen, _JobSlots):
    """A job in upstream's queue message; immutable. Times and ``lease_ttl`` are in milliseconds.

    Identity, run and generation travel as headers, as upstream has it.
    """

    __slots__ = ()

    def __new__(
        cls,
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
        max_attempts: int = 10,
        lease_ttl: int = 900_000,
        trace_id: str | None = None,
        parent_span_id: str | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
        ordering_key: str | None = None,
    ) -> Self:
        """Fill an open twin and close it, as ``Message`` does."""
        self: Any = object.__new__(_OpenJob)
        self.id = id
        self.queue = queue
        self.payload = payload
        self.parameter = parameter
        self.headers = headers if headers is not None else {}
        self.created_at = created_at
        self.scheduled_at = created_at if scheduled_at is None else scheduled_at
        self.priority = priority
        self.attempt = attempt
        self.max_attempts = max_attempts
        self.lease_ttl = lease_ttl
        self.trace_id = trace_id
        self.parent_span_id = parent_span_id
        self.correlation_id = correlation_id
        self.idempotency_key = idempotency_key
        self.ordering_key = ordering_key
        self.__class__ = cls
        return self  # type: ignore[no-any-return]

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
        wire: dict[str, Any] = {
            "id": self.id,
            "queueName": self.queue,
            "payload": plain_json(self.payload),
            "parameter": {} if (parameter := plain_json(self.parameter)) is None else parameter,
            "headers": dict(self.headers),
            "createdAt": self.created_at,
            "scheduledAt": self.scheduled_at,
            "priority": self.priority,
            "attempt": self.attempt,
            "maxAttempts": self.max_attempts,
            "leaseTtlMs": self.lease_ttl,
        }
        for name, key in _OPTIONAL_JOB_FIELDS:
            value = getattr(self, name)
            if value is not None:
                wire[key] = value
        return wire

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
        max_attempts, lease_ttl, scheduled_at = get("maxAttempts", 10), get("leaseTtlMs", 900_000), get("scheduledAt")
        if scheduled_at is None:
            scheduled_at = created_at
        # Spelled out: this runs for every job, and a loop over names takes twice as long.
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
        return cls(
            id=job_id,
            queue=queue,
            payload=get("payload"),
            parameter=get("parameter"),
            headers=headers,
            created_at=created_at,
            scheduled_at=scheduled_at,
            priority=priority,
            attempt=attempt or noted,
            max_attempts=max_attempts,
            lease_ttl=lease_ttl,
            trace_id=text_in(wire, "traceId"),
            parent_span_id=text_in(wire, "parentSpanId"),
            correlation_id=text_in(wire, "correlationId"),
            idempotency_key=text_in(wire, "idempotencyKey"),
            ordering_key=text_in(wire, "orderingKey"),
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
        return Job(**{**{name: getattr(self, name) for name in _JobSlots.__slots__}, **changes})


_OPTIONAL_JOB_FIELDS = (
    ("trace_id", "traceId"),
    ("parent_span_id", "parentSpanId"),
    ("correlation_id", "correlationId"),
    ("idempotency_key", "idempotencyKey"),
    ("ordering_key", "orderingKey"),
)
