"""What happened in a system under test, as values: jobs with their attempts, and runs of schedules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from purista_serverless.message import Outcome

JobStatus = Literal["queued", "running", "success", "dead-lettered", "cancelled"]
RunStatus = Literal["open", "closed", "skipped", "superseded", "abandoned", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptHistory:
    """One started run of a handler on an edge.

    ``outcome`` and ``ended_at`` are ``None`` while it runs and for good when its process died; ``settled`` says that
    the platform has let go of its message since. ``number`` counts the runs for a message and generation, from 1.
    """

    edge: str
    message_id: str
    number: int
    generation: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHistory:
    """A job from its enqueue to its end.

    ``status`` is where the job stands now; ``attempts`` are all runs that started, those before a redrive included.
    """

    id: str
    queue: str
    idempotency_key: str | None
    generation: int
    status: JobStatus
    attempts: tuple[AttemptHistory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """A run of a schedule, identified by its slot.

    ``tokens`` are what the run still waits for: jobs, a call, or bindings that have not enqueued yet. ``reason`` says
    why it was skipped, superseded, abandoned or failed.
    """

    schedule: str
    slot: datetime
    status: RunStatus
    tokens: tuple[str, ...] = ()
    reason: str | None = None
