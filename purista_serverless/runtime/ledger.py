"""The ledger of tracked jobs: the state machine of ``records`` over a store with conditional writes."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable
from purista_serverless.runtime.records import (
    CLAIMED,
    QUEUED,
    SKEW,
    Beginning,
    JobRecord,
    Run,
    begin,
    job_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.runtime.ports import LedgerStore, Stored

# A conflict means that somebody else has made progress; so many in a row mean that the store lies.
_TRIES = 100


def update(
    store: "LedgerStore",
    key: str,
    change: "Callable[[dict[str, Any] | None], dict[str, Any] | None]",
    *,
    expires: int | None,
) -> dict[str, Any] | None:
    """Read, change and write conditionally until nobody interferes.

    Args:
        store: The store.
        key: The record's key.
        change: Gives the new fields from the old ones (``None``: no record), or ``None`` to leave the record alone.
        expires: When the record ceases to exist; ``None`` for never.

    Returns:
        The fields as written, or ``None`` if ``change`` left them alone.

    Raises:
        Unavailable: The store could not be reached, or conflicts without end.
    """
    for _ in range(_TRIES):
        stored = store.read(key)
        fields = change(dict(stored.fields) if stored is not None else None)
        if fields is None:
            return None
        if store.write(key, fields, expected=stored.version if stored is not None else 0, expires=expires):
            return fields
    problem = f"the record {key!r} changed under {_TRIES} conditional writes in a row"
    raise Unavailable(problem)


class JobLedger:
    """The records of one queue's jobs.

    Args:
        store: The store.
        queue: Name of the queue.
        retention: How long a record outlives its last change, in milliseconds: the retry window and the retention of
            dead letters, so that a key stays taken as long as its job may come back.
    """

    __slots__ = ("queue", "retention", "store")

    def __init__(self, store: "LedgerStore", queue: str, retention: int) -> None:
        self.store = store
        self.queue = queue
        self.retention = retention

    def read(self, job_id: str) -> JobRecord | None:
        """Give a job's record."""
        return _record_of(self.store.read(job_key(self.queue, job_id)))

    def change(
        self, job_id: str, now: int, change: "Callable[[JobRecord | None], JobRecord | None]"
    ) -> JobRecord | None:
        """Change a job's record by one of the functions of ``records``; give it as written, or ``None``."""

        def to_fields(fields: dict[str, Any] | None) -> dict[str, Any] | None:
            changed = change(JobRecord.from_fields(fields) if fields is not None else None)
            return changed.to_fields() if changed is not None else None

        written = update(self.store, job_key(self.queue, job_id), to_fields, expires=now + self.retention)
        return JobRecord.from_fields(written) if written is not None else None

    def begin(self, fresh: JobRecord, *, owner: str, lease_until: int, max_attempts: int, now: int) -> Beginning:
        """Lease a job to a delivery, if it may run."""
        key = job_key(self.queue, fresh.job_id)
        for _ in range(_TRIES):
            stored = self.store.read(key)
            record = _record_of(stored)
            beginning = begin(record, fresh, owner=owner, lease_until=lease_until, max_attempts=max_attempts, now=now)
            if not isinstance(beginning, Run):
                return beginning
            expected = stored.version if stored is not None else 0
            fields = beginning.record.to_fields()
            if self.store.write(key, fields, expected=expected, expires=now + self.retention):
                return beginning
        problem = f"the record {key!r} changed under {_TRIES} conditional writes in a row"
        raise Unavailable(problem)

    def enlist(self, fresh: JobRecord, *, due: int) -> None:
        """Note that a job is about to be on its queue, to start at ``due``; what is known of it already stays."""
        key = job_key(self.queue, fresh.job_id)
        self.store.write(key, fresh.to_fields(), expected=0, expires=due + self.retention)

    def claim(self, fresh: JobRecord, *, now: int) -> "Claim":
        """Take an idempotency key for an enqueue, if nobody has it.

        ``fresh`` is a record in status ``claimed`` whose ``owner`` is the enqueue, leased for a short time.
        """
        claim = Claim(fresh, None)

        def take(record: JobRecord | None) -> JobRecord | None:
            nonlocal claim
            claim = Claim(fresh, record)
            return fresh.replace(fence=record.fence if record else 0, runs=claim.runs) if claim.may_send(now) else None

        self.change(fresh.job_id, now, take)
        return claim

    def mark_sent(self, job_id: str, owner: str, now: int) -> None:
        """Note that a claimed job is on its queue; a delivery that was faster is left alone."""

        def sent(record: JobRecord | None) -> JobRecord | None:
            if record is None or record.status != CLAIMED or record.owner != owner:
                return None
            return record.replace(status=QUEUED, owner=None, lease_until=None, updated_at=now)

        self.change(job_id, now, sent)

    def join(self, job_id: str, run: str, now: int) -> bool:
        """Let another schedule run wait for a job that is there already; ``False`` if the job has ended."""
        joined = self.change(job_id, now, lambda record: _with_run(record, run))
        if joined is not None:
            return True
        record = self.read(job_id)
        return record is not None and not record.is_terminal


class Claim:
    """What came of taking an idempotency key."""

    __slots__ = ("fresh", "standing")

    def __init__(self, fresh: JobRecord, standing: JobRecord | None) -> None:
        self.fresh = fresh
        self.standing = standing

    @property
    def runs(self) -> tuple[str, ...]:
        """Give the schedule runs that wait for the job."""
        before = self.standing.runs if self.standing is not None else ()
        return tuple(dict.fromkeys((*before, *self.fresh.runs)))

    @property
    def conflicts(self) -> bool:
        """Say whether the key was used with another payload."""
        return self.standing is not None and self.standing.payload_hash not in {None, self.fresh.payload_hash}

    def may_send(self, now: int) -> bool:
        """Say whether this enqueue sends the job: the key is free, or was taken by an enqueue that never sent."""
        if self.standing is None:
            return True
        if self.conflicts or self.standing.status != CLAIMED:
            return False
        return self.standing.owner == self.fresh.owner or self._held_until <= now

    def waits(self, now: int) -> int:
        """Give how long another enqueue still holds the key unsent, in milliseconds; 0 if it does not."""
        if self.standing is None or self.standing.status != CLAIMED or self.standing.owner == self.fresh.owner:
            return 0
        return max(self._held_until - now, 0)

    @property
    def _held_until(self) -> int:
        """Give when another enqueue's claim has run out for certain, whichever of the two clocks is right."""
        held = self.standing.lease_until if self.standing is not None else None
        return 0 if held is None else held + SKEW


def _record_of(stored: "Stored | None") -> JobRecord | None:
    return JobRecord.from_fields(stored.fields) if stored is not None else None


def _with_run(record: JobRecord | None, run: str) -> JobRecord | None:
    if record is None or record.is_terminal or run in record.runs:
        return None
    return record.replace(runs=(*record.runs, run))
