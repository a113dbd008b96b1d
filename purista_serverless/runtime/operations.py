"""Looking after what runs: jobs, leases, dead letters. What tools ask of a runtime, whichever it is.

Only tools import this. Times are milliseconds since the epoch.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from purista_serverless.runtime.ports import DeadLetter
    from purista_serverless.runtime.records import JobRecord

JobStatus = Literal["queued", "delayed", "running", "success", "dead-lettered", "cancelled"]

QUEUE = "queue:"
SCHEDULE = "schedule:"

# What a record's status is to people.
STATUSES: dict[str, JobStatus] = {
    "claimed": "queued",
    "queued": "queued",
    "running": "running",
    "success": "success",
    "dead-lettered": "dead-lettered",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """A job as its runtime knows it.

    ``is_tracked`` says whether a record is kept; without one ``attempt`` is the number of deliveries, and a job that
    has ended is not known any more unless it is a dead letter. ``progress``, ``result``, ``reason`` and ``history``
    come from the record.
    """

    queue: str
    id: str
    status: JobStatus
    is_tracked: bool
    attempt: int
    generation: int
    due: int | None
    lease_until: int | None
    priority: int
    updated_at: int | None
    reason: str | None = None
    progress: Any = None
    result: Any = None
    history: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMetrics:
    """How full an asynchronous edge is.

    ``blocked`` are messages that stand in line behind another one with their ordering key; ``oldest`` is the time since
    when the oldest ready message waits. A platform that does not tell one of them leaves it at 0 or ``None``.
    """

    edge: str
    ready: int
    delayed: int
    blocked: int
    leased: int
    dead_letters: int
    oldest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSummary:
    """A message that somebody handles: which, until when, who, and how often it was delivered."""

    edge: str
    id: str
    owner: str
    lease_until: int
    fence: int
    receives: int


class Operations(Protocol):
    """What tools do to an application that runs somewhere.

    Attributes:
        place: Where it runs, for people.
        queues: Names of the declared queues.
    """

    place: str
    queues: tuple[str, ...]

    def edges(self) -> tuple[str, ...]:
        """Give the asynchronous edges that have dead letters, or may have some."""
        ...

    def letters(self, edge: str | None = None, *, limit: int | None = None) -> "tuple[DeadLetter, ...]":
        """Give the dead letters of an edge, or of all edges, oldest first; at most ``limit``."""
        ...

    def letter(self, edge: str, key: str) -> "DeadLetter":
        """Give one letter by its key, ``<id>:<generation>``, or by its id alone: then the newest generation.

        Raises:
            KeyError: There is none.
        """
        ...

    def judge(self, letter: "DeadLetter") -> bool:
        """Check a letter as redriving does, and change nothing; errors are those of ``redrive``."""
        ...

    def redrive(self, letter: "DeadLetter") -> bool:
        """Send a letter back onto its edge as a new generation, then delete it; ``False`` if somebody was faster.

        Raises:
            BadEvent: Its body does not decode; it can only be purged.
            InvalidPayload: It does not match today's types; names the fields, the letter stays.
            DeclarationError: Nothing of this application consumes its edge.
        """
        ...

    def move(self, edge: str) -> int:
        """Have the platform move all letters of an edge back, unchecked and as they are; say about how many.

        Raises:
            DeclarationError: It cannot, or the queue is tracked: then the letters would be of an old generation.
        """
        ...

    def count_letters(self, edge: str | None = None) -> int:
        """Say how many letters there are, as far as the runtime knows without looking at each."""
        ...

    def purge(self, edge: str | None = None) -> int:
        """Delete the letters of an edge, or all, and say how many there were."""
        ...

    def jobs(
        self, queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
    ) -> tuple[JobSummary, ...]:
        """Give jobs: those that wait or run first, then those that ended."""
        ...

    def job(self, queue: str, job_id: str) -> JobSummary:
        """Give one job.

        Raises:
            KeyError: It is not known, or not any more.
        """
        ...

    def cancel(self, queue: str, job_id: str, reason: str) -> bool:
        """Cancel a job; ``False`` if it has ended, is not known, or cannot be cancelled."""
        ...

    def metrics(self) -> tuple[QueueMetrics, ...]:
        """Give how full every asynchronous edge is, by name."""
        ...

    def leases(self) -> tuple[LeaseSummary, ...]:
        """Give what is being handled, those whose lease ends first in front."""
        ...


def summary_of_record(record: "JobRecord") -> JobSummary:
    """Give what a tracked job's record tells."""
    return JobSummary(
        queue=record.queue,
        id=record.job_id,
        status=STATUSES[record.status],
        is_tracked=True,
        attempt=record.attempt,
        generation=record.generation,
        due=None,
        lease_until=record.lease_until,
        priority=0,
        updated_at=record.updated_at,
        reason=record.reason,
        progress=record.progress,
        result=record.result,
        history=record.history,
    )


def summary_of_letter(letter: "DeadLetter") -> JobSummary:
    """Give what a dead letter tells of its job."""
    return JobSummary(
        queue=letter.edge.removeprefix(QUEUE),
        id=letter.id,
        status="dead-lettered",
        is_tracked=False,
        attempt=letter.attempts,
        generation=letter.generation,
        due=None,
        lease_until=None,
        priority=0,
        updated_at=letter.at,
        reason=letter.reason,
    )
