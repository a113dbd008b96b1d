"""What tracking costs: writes to the ledger's store per job, by queue."""

from dataclasses import dataclass

from purista_serverless.model import Application, Queue, Tracking
from purista_serverless.topology.lookup import Lookup

# One write each: the lease when a run starts, and its end. The end of a failed run gives the lease back.
_PER_ATTEMPT: dict[Tracking, int] = {"none": 0, "terminal": 0, "full": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWrites:
    """Writes that one job of a queue causes.

    Attributes:
        queue: Name of the queue.
        tracking: Its tracking, as resolved.
        reasons: Why it is tracked, where that is implied.
        per_job: Writes of a job that succeeds at once.
        per_retry: Writes of each further attempt.
        per_extension: Writes of each heartbeat of a run that outlasts its lease.
    """

    queue: str
    tracking: Tracking
    reasons: tuple[str, ...]
    per_job: int
    per_retry: int
    per_extension: int


def ledger_writes(application: Application) -> tuple[LedgerWrites, ...]:
    """Give the writes per job for every queue of the application, by name."""
    lookup = Lookup(application)
    own = sorted((queue for queue in application.queues if not queue.external), key=lambda queue: queue.name)
    return tuple(_writes_of(queue, lookup) for queue in own)


def _writes_of(queue: Queue, lookup: Lookup) -> LedgerWrites:
    at_the_end = 1 if queue.tracking == "terminal" else 0
    # The key is claimed before the job is sent, and marked as sent; without a key the job is noted once.
    at_the_enqueue = 2 if queue.idempotency == "strict" else 1 if queue.tracking == "full" else 0
    # The run that waits for the job is told when it has ended, and by which job a binding went on.
    for_runs = max(
        (_tokens(queue, lookup, schedule.name) for schedule in lookup.guards_of_queue(queue.name)), default=0
    )
    return LedgerWrites(
        queue=queue.name,
        tracking=queue.tracking,
        reasons=queue.tracking_reasons,
        per_job=_PER_ATTEMPT[queue.tracking] + at_the_enqueue + at_the_end + for_runs,
        per_retry=_PER_ATTEMPT[queue.tracking],
        per_extension=1 if queue.tracking == "full" else 0,
    )


def _tokens(queue: Queue, lookup: Lookup, schedule: str) -> int:
    by_binding = any(
        schedule == guard.name
        for binding in lookup.bindings
        if binding.queue == queue.name
        for guard in lookup.guards_of_event(binding.event)
    )
    return 2 if by_binding else 1
