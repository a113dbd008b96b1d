"""What every queue does: ``QueueContract``, and the groups that it is made of, one per module."""

from purista_serverless.testing.contracts.queue.attempts import Attempts
from purista_serverless.testing.contracts.queue.batches import Batches, Ordering, Priorities
from purista_serverless.testing.contracts.queue.bounds import Bounds
from purista_serverless.testing.contracts.queue.dead_letters import DeadLetters, RedrivesOfTrackedJobs
from purista_serverless.testing.contracts.queue.idempotency import Idempotency
from purista_serverless.testing.contracts.queue.leases import BoundedRuns, Leases, LongRuns, Shutdowns, Watchfulness
from purista_serverless.testing.contracts.queue.outcomes import JobOutcomes
from purista_serverless.testing.contracts.queue.results import Results

__all__ = ["BoundedRuns", "LongRuns", "Ordering", "Priorities", "QueueContract"]


class QueueContract(
    JobOutcomes,
    Attempts,
    Bounds,
    Batches,
    DeadLetters,
    RedrivesOfTrackedJobs,
    Results,
    Leases,
    Shutdowns,
    Watchfulness,
    Idempotency,
):
    """Behaviour of queues that every adapter keeps.

    What depends on the provider comes as groups of its own, to be inherited besides: ``Ordering`` where keys keep their
    order, ``Priorities`` where they are honoured, and ``LongRuns`` where leases can be extended, else ``BoundedRuns``.
    """
