"""What the ledger holds, and how it changes: pure functions from one record to the next.

A job's record is the truth about a tracked job: who runs it, how often it was tried, how it ended. Its key starts with
the job's edge, so that permissions can be bounded by prefix.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CLAIMED = "claimed"
QUEUED = "queued"
RUNNING = "running"
SUCCESS = "success"
DEAD_LETTERED = "dead-lettered"
CANCELLED = "cancelled"
TERMINAL = frozenset({SUCCESS, DEAD_LETTERED, CANCELLED})

# Clocks of hosts and stores differ; nothing is taken over within this time of its lease's end.
SKEW = 5_000

_HISTORY_LENGTH = 50


def job_key(queue: str, job_id: str) -> str:
    """Give the ledger's key of a job."""
    return f"queue:{queue}/{job_id}"


class JobRecord:
    """The record of one tracked job. ``fields`` of the store, by name; times in milliseconds."""

    __slots__ = (
        "attempt",
        "fence",
        "generation",
        "history",
        "job_id",
        "lease_until",
        "owner",
        "payload_hash",
        "principal_id",
        "progress",
        "queue",
        "reason",
        "result",
        "runs",
        "status",
        "tenant_id",
        "updated_at",
    )

    def __init__(
        self,
        *,
        job_id: str,
        queue: str,
        status: str,
        updated_at: int,
        owner: str | None = None,
        fence: int = 0,
        lease_until: int | None = None,
        attempt: int = 0,
        generation: int = 0,
        progress: Any = None,
        result: Any = None,
        reason: str | None = None,
        history: "tuple[Mapping[str, Any], ...]" = (),
        payload_hash: str | None = None,
        runs: tuple[str, ...] = (),
        tenant_id: str | None = None,
        principal_id: str | None = None,
    ) -> None:
        self.job_id = job_id
        self.queue = queue
        self.status = status
        self.updated_at = updated_at
        self.owner = owner
        self.fence = fence
        self.lease_until = lease_until
        self.attempt = attempt
        self.generation = generation
        self.progress = progress
        self.result = result
        self.reason = reason
        self.history = history
        self.payload_hash = payload_hash
        self.runs = runs
        self.tenant_id = tenant_id
        self.principal_id = principal_id

    @property
    def is_terminal(self) -> bool:
        """Say whether the job has ended."""
        return self.status in TERMINAL

    def to_fields(self) -> dict[str, Any]:
        """Give the record as the store's JSON object; absent values are left out."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["history"], fields["runs"] = list(self.history) or None, list(self.runs) or None
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def from_fields(cls, fields: "Mapping[str, Any]") -> "JobRecord":
        """Read the store's JSON object."""
        known = {name: fields[name] for name in cls.__slots__ if name in fields}
        known["history"] = tuple(fields.get("history", ()))
        known["runs"] = tuple(fields.get("runs", ()))
        return cls(**known)

    def replace(self, **changes: Any) -> "JobRecord":
        """Give a copy with some fields changed."""
        return JobRecord(**{**{name: getattr(self, name) for name in self.__slots__}, **changes})


class Run:
    """Run the handler; the record is leased to this delivery."""

    __slots__ = ("record",)
    __match_args__ = ("record",)

    def __init__(self, record: JobRecord) -> None:
        self.record = record


class Busy:
    """Another delivery runs the job; come again after ``delay`` milliseconds. No attempt."""

    __slots__ = ("delay",)
    __match_args__ = ("delay",)

    def __init__(self, delay: int) -> None:
        self.delay = delay


class Finished:
    """The job has ended; repeat what follows its end, and settle."""

    __slots__ = ("record",)
    __match_args__ = ("record",)

    def __init__(self, record: JobRecord) -> None:
        self.record = record


class Stale:
    """The delivery is a copy from before a redrive; settle it."""

    __slots__ = ()


class Spent:
    """No attempt is left: earlier runs died without telling. Goes to the dead letters."""

    __slots__ = ("record",)
    __match_args__ = ("record",)

    def __init__(self, record: JobRecord) -> None:
        self.record = record


Beginning = Run | Busy | Finished | Stale | Spent


def begin(
    record: JobRecord | None,
    fresh: JobRecord,
    *,
    owner: str,
    lease_until: int,
    max_attempts: int,
    now: int,
) -> Beginning:
    """Decide what a delivery of a tracked job may do.

    Args:
        record: The job's record, ``None`` if it has none yet.
        fresh: A record with the delivery's identity, generation and runs, used when there is none.
        owner: Who delivers.
        lease_until: Until when the delivery may run.
        max_attempts: How many runs may start.
        now: The time.
    """
    if record is not None and record.generation > fresh.generation:
        return Stale()
    if record is None:
        record = fresh
    elif record.generation < fresh.generation:
        record = _reopened(record, fresh.generation)
    elif record.is_terminal:
        return Finished(record)
    elif record.status == RUNNING and record.lease_until is not None and record.lease_until + SKEW > now:
        return Busy(record.lease_until + SKEW - now)
    if record.attempt >= max_attempts:
        return Spent(record)
    leased = record.replace(
        status=RUNNING,
        owner=owner,
        fence=record.fence + 1,
        lease_until=lease_until,
        attempt=record.attempt + 1,
        runs=tuple(dict.fromkeys((*record.runs, *fresh.runs))),
        updated_at=now,
    )
    return Run(leased)


def extend(record: JobRecord | None, *, fence: int, lease_until: int) -> JobRecord | None:
    """Give the record with a longer lease, or ``None`` if the lease is lost."""
    if record is None or record.fence != fence or record.status != RUNNING:
        return None
    return record.replace(lease_until=lease_until)


def progress(record: JobRecord | None, *, fence: int, value: Any, now: int) -> JobRecord | None:
    """Give the record with new progress, or ``None`` if the lease is lost."""
    if record is None or record.fence != fence or record.status != RUNNING:
        return None
    return record.replace(progress=value, updated_at=now)


def release(record: JobRecord | None, *, fence: int, reason: str, now: int, counted: bool) -> JobRecord | None:
    """Give the record back to the queue after a failed (``counted``) or interrupted run; ``None`` if lost."""
    if record is None or record.fence != fence or record.status != RUNNING:
        return None
    return record.replace(
        status=QUEUED,
        owner=None,
        lease_until=None,
        attempt=record.attempt if counted else record.attempt - 1,
        history=_history(record, reason, now) if counted else record.history,
        updated_at=now,
    )


def finish(
    record: JobRecord | None, *, fence: int, status: str, result: Any = None, reason: str | None = None, now: int
) -> JobRecord | None:
    """Give the record in a terminal status, or ``None`` if the lease is lost."""
    if record is None or record.fence != fence or record.is_terminal:
        return None
    history = record.history if reason is None else _history(record, reason, now)
    return record.replace(
        status=status, owner=None, lease_until=None, result=result, reason=reason, history=history, updated_at=now
    )


def conclude(record: JobRecord | None, ended: JobRecord) -> JobRecord | None:
    """Give the end of a job that no record leased, or ``None`` if it has ended already or was redriven meanwhile."""
    if record is None or record.generation < ended.generation:
        return ended
    return None if record.generation > ended.generation or record.is_terminal else ended


def _history(record: JobRecord, reason: str, now: int) -> "tuple[Mapping[str, Any], ...]":
    entry = {"generation": record.generation, "attempt": record.attempt, "at": now, "reason": reason}
    return (*record.history, entry)[-_HISTORY_LENGTH:]


def _reopened(record: JobRecord, generation: int) -> JobRecord:
    """Give the record as a redrive opens it: attempts start over; the fence goes on, the key's payload stays known."""
    return record.replace(status=QUEUED, generation=generation, attempt=0, progress=None, result=None, reason=None)


def cancel(
    record: JobRecord | None, *, queue: str, job_id: str, reason: str, now: int, generation: int = 0
) -> JobRecord | None:
    """Give the record cancelled, its fence moved on so that a running handler loses it; ``None`` if it has ended.

    A job that no delivery has met yet, or not in its ``generation``, gets a record that its delivery will find.
    """
    if record is None:
        record = JobRecord(job_id=job_id, queue=queue, status=QUEUED, generation=generation, updated_at=now)
    elif record.generation < generation:
        record = _reopened(record, generation)
    if record.is_terminal:
        return None
    return record.replace(
        status=CANCELLED, reason=reason, fence=record.fence + 1, owner=None, lease_until=None, updated_at=now
    )
