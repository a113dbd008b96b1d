"""What happened in a system under test, as values: jobs with their attempts, and runs of schedules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from purista_serverless.message import Outcome

JobStatus = Literal["queued", "running", "success", "dead-lettered", "cancelled"]
RunStatus = Literal["open", "finished", "skipped", "superseded", "abandoned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptHistory:
    """One started run of a handler; ``outcome`` and ``ended_at`` are ``None`` while it runs or when it crashed."""

    number: int
    generation: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None


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

    ``tokens`` are what the run still waits for: job ids, a call, or bindings that have not enqueued yet.
    """

    schedule: str
    slot: datetime
    status: RunStatus
    tokens: tuple[str, ...] = ()
