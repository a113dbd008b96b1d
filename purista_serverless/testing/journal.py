"""What a simulation writes down while it runs, and the histories that are read from it."""

from typing import TYPE_CHECKING, Any

from purista_serverless.message import Cancelled, Job, Success
from purista_serverless.runtime.records import JobRecord, job_key
from purista_serverless.testing.clock import to_datetime
from purista_serverless.testing.history import AttemptHistory, JobHistory, JobStatus

if TYPE_CHECKING:
    from purista_serverless.message import Message, Outcome
    from purista_serverless.runtime.ports import Clock, DeadLetter, Delivery, LedgerStore

_QUEUE = "queue:"
_STATUSES: dict[str, JobStatus] = {
    "claimed": "queued",
    "queued": "queued",
    "running": "running",
    "success": "success",
    "dead-lettered": "dead-lettered",
    "cancelled": "cancelled",
}


class Entry:
    """A run of a handler, while it is written down."""

    __slots__ = ("delivery", "ended_at", "generation", "number", "outcome", "started_at")

    def __init__(self, delivery: Any, generation: int, number: int, started_at: int) -> None:
        self.delivery = delivery
        self.generation = generation
        self.number = number
        self.started_at = started_at
        self.ended_at: int | None = None
        self.outcome: Outcome | None = None

    def history(self) -> AttemptHistory:
        """Give what is known of the run."""
        return AttemptHistory(
            edge=self.delivery.edge,
            message_id=self.delivery.id,
            number=self.number,
            generation=self.generation,
            started_at=to_datetime(self.started_at),
            ended_at=None if self.ended_at is None else to_datetime(self.ended_at),
            outcome=self.outcome,
            settled=self.delivery.is_gone,
        )


class Journal:
    """Events, jobs, runs of handlers and dead letters in the order in which they happened.

    Args:
        clock: The time.
        ledger: Where tracked jobs have their status.
    """

    def __init__(self, clock: "Clock", ledger: "LedgerStore") -> None:
        self.events: list[Message] = []
        self._clock = clock
        self._ledger = ledger
        self._jobs: dict[tuple[str, str], Job] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._numbers: dict[tuple[str, str, int], int] = {}
        self._buried: set[tuple[str, str]] = set()

    def enqueued(self, job: Job) -> None:
        """Write down a job; of its copies and generations the newest counts."""
        known = self._jobs.get((job.queue, job.id))
        if known is None or known.generation <= job.generation:
            self._jobs[job.queue, job.id] = job

    def buried(self, letter: "DeadLetter") -> None:
        """Write down a dead letter."""
        self._buried.add((letter.edge, letter.key))

    def started(self, delivery: "Delivery") -> Entry:
        """Write down that a handler runs."""
        generation = Job.decode(delivery.body).generation if delivery.edge.startswith(_QUEUE) else 0
        counted = (delivery.edge, delivery.id, generation)
        number = self._numbers[counted] = self._numbers.get(counted, 0) + 1
        entry = Entry(delivery, generation, number, self._clock.now())
        self._entries.setdefault(delivery.edge, []).append(entry)
        return entry

    def ended(self, entry: Entry | None, outcome: "Outcome") -> None:
        """Write down how a run ended."""
        if entry is not None:
            entry.ended_at, entry.outcome = self._clock.now(), outcome

    def attempts(self, edge: str) -> tuple[AttemptHistory, ...]:
        """Give the runs on an edge."""
        return tuple(entry.history() for entry in self._entries.get(edge, ()))

    def jobs(self, queue: str) -> tuple[JobHistory, ...]:
        """Give the jobs of a queue."""
        runs: dict[str, list[AttemptHistory]] = {}
        for attempt in self.attempts(_QUEUE + queue):
            runs.setdefault(attempt.message_id, []).append(attempt)
        jobs = [job for (name, _), job in self._jobs.items() if name == queue]
        return tuple(self._job(job, tuple(runs.get(job.id, ()))) for job in jobs)

    def _job(self, job: Job, attempts: tuple[AttemptHistory, ...]) -> JobHistory:
        return JobHistory(
            id=job.id,
            queue=job.queue,
            idempotency_key=job.idempotency_key,
            generation=job.generation,
            status=self._recorded_status(job) or self._seen_status(job, attempts),
            attempts=attempts,
        )

    def _recorded_status(self, job: Job) -> JobStatus | None:
        stored = self._ledger.read(job_key(job.queue, job.id))
        record = None if stored is None else JobRecord.from_fields(stored.fields)
        # Until a redriven job is met again, its record still tells of the generation before.
        if record is None or record.generation < job.generation:
            return None
        # What a platform takes away by itself, it takes away without a word to the record.
        return "dead-lettered" if self._is_buried(job) and not record.is_terminal else _STATUSES[record.status]

    def _is_buried(self, job: Job) -> bool:
        return (_QUEUE + job.queue, f"{job.id}:{job.generation}") in self._buried

    def _seen_status(self, job: Job, attempts: tuple[AttemptHistory, ...]) -> JobStatus:
        current = [attempt for attempt in attempts if attempt.generation == job.generation]
        if self._is_buried(job):
            return "dead-lettered"
        for attempt in current:
            if attempt.settled and isinstance(attempt.outcome, Success):
                return "success"
            if attempt.settled and isinstance(attempt.outcome, Cancelled):
                return "cancelled"
        return "running" if any(attempt.outcome is None for attempt in current[-1:]) else "queued"
