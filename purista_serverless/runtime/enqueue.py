"""Enqueueing: the bounds of a queue, the job's identity, and the key that makes it unique."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BoundExceeded, DeclarationError, HandledError, RetryLater
from purista_serverless.message import Job
from purista_serverless.message.job import (
    OWN_HEADERS,
    PRINCIPAL_HEADER,
    RUN_HEADER,
    TENANT_HEADER,
    TRACEPARENT_HEADER,
)
from purista_serverless.runtime.ids import derived_id, derived_job_id
from purista_serverless.runtime.keys import Key
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.records import CLAIMED, QUEUED, JobRecord
from purista_serverless.runtime.runs import job_token, remove_token
from purista_serverless.runtime.trace import span_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from purista_serverless.builder.handles import Queue
    from purista_serverless.model import Queue as QueueModel
    from purista_serverless.model import Tracking
    from purista_serverless.runtime.ports import Cause, Ports


CLAIM_LEASE = 30_000


def milliseconds(duration: "timedelta") -> int:
    """Give a duration in whole milliseconds."""
    return round(duration.total_seconds() * 1000)


class QueueSpec:
    """What an enqueue must know of its queue. Durations in milliseconds."""

    __slots__ = (
        "is_strict",
        "max_attempts",
        "max_delay",
        "max_payload",
        "name",
        "ordering_key",
        "parameter",
        "payload",
        "priorities",
        "retention",
        "tracking",
        "visibility",
    )

    def __init__(
        self,
        queue: "Queue[Any, Any] | QueueModel",
        *,
        is_strict: bool | None = None,
        tracking: "Tracking | None" = None,
    ) -> None:
        """Read a queue; a handle does not know what bindings and schedules imply, which may be told besides."""
        from purista_serverless.schema import codec_of

        # A handle resolves its profile; a compiled queue has done so.
        source: Any = queue
        lifecycle = source.resolved_lifecycle() if hasattr(source, "resolved_lifecycle") else source.lifecycle
        self.name = queue.name
        self.payload = codec_of(queue.payload)
        self.parameter = codec_of(queue.parameter)
        self.is_strict = queue.idempotency == "strict" if is_strict is None else is_strict
        self.tracking: Tracking = tracking or ("full" if self.is_strict else queue.tracking) or "none"
        self.max_attempts: int = lifecycle.max_attempts
        self.visibility = milliseconds(lifecycle.visibility)
        self.retention = milliseconds(lifecycle.window) + milliseconds(queue.dead_letter_retention)
        self.max_delay = milliseconds(queue.max_delay) if queue.max_delay is not None else None
        self.max_payload = queue.max_payload
        self.priorities = queue.priorities
        self.ordering_key = Key(queue.ordering_key, self.payload) if queue.ordering_key is not None else None

    @classmethod
    def of(cls, queue: "Queue[Any, Any] | QueueModel") -> "QueueSpec":
        """Give the spec of a queue; made once per queue and process."""
        found = _specs.get(queue)
        if found is None:
            found = _specs[queue] = cls(queue, tracking="full" if getattr(queue, "needs_records", False) else None)
        return found

    def ledger(self, ports: "Ports") -> JobLedger:
        """Give the ledger of the queue's jobs."""
        return JobLedger(ports.ledger, self.name, self.retention)


def _check_headers(queue: str, headers: "Mapping[Any, Any]") -> None:
    """Refuse headers that every consumer would have to bury, or that would speak in the kit's name.

    Raises:
        DeclarationError: A value is no text, or a name is one that the kit fills by itself.
    """
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            problem = (
                f"enqueue to {queue!r}: header {name!r} is {type(value).__name__}; headers are texts, write str(...)"
            )
            raise DeclarationError(problem)
        if name == TRACEPARENT_HEADER or name.startswith(OWN_HEADERS):
            problem = f"enqueue to {queue!r}: header {name!r} is the kit's own; name yours without {OWN_HEADERS!r}"
            raise DeclarationError(problem)


_specs: "dict[Queue[Any, Any] | QueueModel, QueueSpec]" = {}


class Enqueue:
    """One checked order to enqueue. ``send`` may be called again after a failure; it repeats the same job."""

    __slots__ = (
        "cause",
        "delay",
        "headers",
        "idempotency_key",
        "max_attempts",
        "origin",
        "parameter",
        "payload",
        "priority",
        "run_id",
        "scheduled_at",
        "spec",
    )

    def __init__(
        self,
        spec: QueueSpec,
        payload: bytes,
        parameter: bytes | None,
        *,
        cause: "Cause",
        origin: str,
        delay: int = 0,
        scheduled_at: int | None = None,
        idempotency_key: str | None = None,
        priority: int = 0,
        max_attempts: int | None = None,
        headers: "Mapping[str, str] | None" = None,
        run_id: str | None = None,
    ) -> None:
        self.spec = spec
        self.payload = payload
        self.parameter = parameter
        self.cause = cause
        self.origin = origin
        self.delay = delay
        self.scheduled_at = scheduled_at
        self.idempotency_key = idempotency_key
        self.priority = priority
        self.max_attempts = max_attempts if max_attempts is not None else spec.max_attempts
        self.headers = headers or {}
        self.run_id = run_id
        self._check_bounds()

    @classmethod
    def of(
        cls,
        spec: QueueSpec,
        payload: Any,
        parameter: Any = None,
        *,
        cause: "Cause",
        origin: str,
        delay: "timedelta | None" = None,
        scheduled_at: "datetime | None" = None,
        headers: "Mapping[str, str] | None" = None,
        source: "Mapping[str, str] | None" = None,
        **options: Any,
    ) -> "Enqueue":
        """Check typed values, durations and the user's headers; ``source`` holds the kit's own of what is handled.

        Raises:
            InvalidPayload: The payload or the parameter is not of the queue's type.
            BoundExceeded: A bound of the queue is exceeded.
            DeclarationError: Options contradict each other, or a header is no text or one of the kit's own.
        """
        if delay is not None and scheduled_at is not None:
            problem = f"enqueue to {spec.name!r}: give delay or scheduled_at, not both"
            raise DeclarationError(problem)
        if scheduled_at is not None and scheduled_at.tzinfo is None:
            problem = f"enqueue to {spec.name!r}: scheduled_at must be an aware datetime, for example in UTC"
            raise DeclarationError(problem)
        _check_headers(spec.name, headers or {})
        return cls(
            spec,
            spec.payload.dump_json(payload, f"payload of {spec.name}"),
            spec.parameter.dump_json(parameter, f"parameter of {spec.name}"),
            cause=cause,
            origin=origin,
            delay=milliseconds(delay) if delay is not None else 0,
            scheduled_at=round(scheduled_at.timestamp() * 1000) if scheduled_at is not None else None,
            headers={**(headers or {}), **(source or {})},
            **options,
        )

    def send(self, ports: "Ports") -> str:
        """Enqueue the job and give its id.

        Raises:
            HandledError: 409, the key was used with another payload.
            RetryLater: Another enqueue of the same key is under way.
            BoundExceeded: The scheduled time is beyond ``max_delay``.
            Unavailable: A port could not be reached.
        """
        now = ports.clock.now()
        due = self._due(now)
        if self.is_unique:
            with ports.transaction():
                return self._send_once(ports, now, due)
        if self.spec.tracking != "full":
            ports.queues.send(self.job(now, due), delay=due - now)
            return self.job_id
        with ports.transaction():
            # Before the job, so that nobody who is told its id finds it unknown; a record that is there stays.
            self.spec.ledger(ports).enlist(self._record(QUEUED, now), due=due)
            ports.queues.send(self.job(now, due), delay=due - now)
        return self.job_id

    def send_for_run(self, ports: "Ports") -> str:
        """Enqueue the job, which a schedule's run waits for by its token; give its id.

        Under ``strict`` the job may be there already: then the run waits for that one, or not at all if it has ended.

        Raises:
            HandledError, RetryLater, BoundExceeded, Unavailable: As ``send`` does.
        """
        job_id = self.send(ports)
        if self.run_id is None or not self.is_unique:
            return job_id
        if not self.spec.ledger(ports).join(job_id, self.run_id, ports.clock.now()):
            remove_token(ports, self.run_id, self.job_token)
        return job_id

    @property
    def is_unique(self) -> bool:
        """Say whether the key makes this the only job of its queue."""
        return self.idempotency_key is not None and self.spec.is_strict

    @property
    def job_id(self) -> str:
        """Give the id of the job: derived from the key where that is strict, else from what the enqueue belongs to."""
        if self.is_unique:
            return derived_job_id(self.spec.name, "key", self.idempotency_key)
        return derived_job_id(self.spec.name, self.origin)

    @property
    def job_token(self) -> str:
        """Give the token by which a run waits for the job."""
        return job_token(self.spec.name, self.job_id)

    def _check_bounds(self) -> None:
        spec = self.spec
        if spec.max_payload is not None and len(self.payload) > spec.max_payload:
            raise BoundExceeded(spec.name, "max_payload", f"{len(self.payload)} bytes", f"{spec.max_payload} bytes")
        if not 0 <= self.priority < spec.priorities:
            raise BoundExceeded(spec.name, "priorities", f"priority {self.priority}", spec.priorities)
        if not 1 <= self.max_attempts <= spec.max_attempts:
            raise BoundExceeded(spec.name, "max_attempts", self.max_attempts, spec.max_attempts)
        if self.delay < 0:
            raise BoundExceeded(spec.name, "delay", f"{self.delay} ms", "0 ms or more")
        if spec.max_delay is not None and self.delay > spec.max_delay:
            raise BoundExceeded(spec.name, "max_delay", f"{self.delay} ms", f"{spec.max_delay} ms")

    def _due(self, now: int) -> int:
        if self.scheduled_at is None:
            return now + self.delay
        delay = max(self.scheduled_at - now, 0)
        if self.spec.max_delay is not None and delay > self.spec.max_delay:
            raise BoundExceeded(self.spec.name, "max_delay", f"{delay} ms", f"{self.spec.max_delay} ms")
        return now + delay

    def _send_once(self, ports: "Ports", now: int, due: int) -> str:
        """Claim the key, send, mark as sent; a crash between two of them is repaired by the next enqueue.

        Where all three are one commit there is nothing to repair, and nobody ever waits for a claim.
        """
        spec, ledger = self.spec, self.spec.ledger(ports)
        job_id = self.job_id
        owner = f"enqueue:{self.origin}"
        payload_hash = derived_id(self.payload.hex(), (self.parameter or b"").hex())
        fresh = self._record(CLAIMED, now).replace(
            owner=owner, lease_until=now + CLAIM_LEASE, payload_hash=payload_hash
        )
        claim = ledger.claim(fresh, now=now)
        if claim.conflicts:
            message = f"the idempotency key {self.idempotency_key!r} of {spec.name} was used with another payload"
            raise HandledError(409, message)
        if waits := claim.waits(now):
            from datetime import timedelta

            raise RetryLater(timedelta(milliseconds=waits), f"{spec.name}: the same key is just being enqueued")
        if claim.may_send(now):
            ports.queues.send(self.job(now, due), delay=due - now)
            ledger.mark_sent(job_id, owner, now)
        return job_id

    def _record(self, status: str, now: int) -> JobRecord:
        return JobRecord(
            job_id=self.job_id,
            queue=self.spec.name,
            status=status,
            runs=(self.run_id,) if self.run_id is not None else (),
            tenant_id=self.cause.tenant_id,
            principal_id=self.cause.principal_id,
            updated_at=now,
        )

    def job(self, now: int, due: int) -> Job:
        """Give the job as it is when enqueued now and due then, for a platform that sends it by itself."""
        cause, spec = self.cause, self.spec
        headers = dict(self.headers)
        travelling = (
            (TENANT_HEADER, cause.tenant_id),
            (PRINCIPAL_HEADER, cause.principal_id),
            (RUN_HEADER, self.run_id),
            (TRACEPARENT_HEADER, cause.traceparent),
        )
        headers.update({name: value for name, value in travelling if value is not None})
        return Job(
            id=self.job_id,
            queue=spec.name,
            payload=self.payload,
            parameter=self.parameter,
            headers=headers,
            created_at=now,
            scheduled_at=due,
            priority=self.priority,
            max_attempts=self.max_attempts,
            lease_ttl=spec.visibility,
            trace_id=cause.trace_id,
            parent_span_id=span_id_of(cause.traceparent),
            correlation_id=cause.correlation_id,
            idempotency_key=self.idempotency_key,
            ordering_key=spec.ordering_key.of(self.payload) if spec.ordering_key is not None else None,
        )
