"""Jobs, queues and leases of an embedded application, for tools."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host

JobStatus = Literal["queued", "delayed", "running", "success", "dead-lettered", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """A job as the file has it. Times are milliseconds since the epoch.

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
    when the oldest ready message waits, in milliseconds since the epoch.
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
    """A message that a process holds: which, until when, who, and how often it was delivered."""

    edge: str
    id: str
    owner: str
    lease_until: int
    fence: int
    receives: int


def list_jobs(
    host: "Host", queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
) -> tuple[JobSummary, ...]:
    """Give the jobs of a queue, or of all queues: those on their queue first, oldest first, then those that ended."""
    raise NotImplementedError


def show_job(host: "Host", queue: str, job_id: str) -> JobSummary:
    """Give one job.

    Raises:
        KeyError: The file knows no such job.
    """
    raise NotImplementedError


def cancel_job(host: "Host", queue: str, job_id: str, reason: str = "cancelled by an operator") -> bool:
    """Cancel a job; ``False`` if it has ended or is not known.

    A tracked job that runs loses its fence and is asked to stop; one that waits settles as cancelled when it comes. An
    untracked one is removed if it waits, and cannot be cancelled while it runs.
    """
    raise NotImplementedError


def measure_queues(host: "Host") -> tuple[QueueMetrics, ...]:
    """Give the metrics of every asynchronous edge, by name."""
    raise NotImplementedError


def list_leases(host: "Host", edge: str | None = None) -> tuple[LeaseSummary, ...]:
    """Give the messages that are leased now, those whose lease ends first in front."""
    raise NotImplementedError
