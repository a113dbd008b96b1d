"""A tracked job's side of its handler's context."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import LeaseLost
from purista_serverless.runtime.context import JobControl
from purista_serverless.runtime.records import RUNNING, extend, progress

if TYPE_CHECKING:
    from purista_serverless.runtime.ledger import JobLedger
    from purista_serverless.runtime.ports import Clock
    from purista_serverless.runtime.records import JobRecord


class TrackedControl(JobControl):
    """Fence, progress and cancellation of one lease, read from and written to the job's record."""

    __slots__ = ("clock", "ledger", "record")

    def __init__(self, record: "JobRecord", ledger: "JobLedger", clock: "Clock") -> None:
        super().__init__(record.attempt)
        self.record = record
        self.ledger = ledger
        self.clock = clock

    @property
    def fence(self) -> int:
        """Give the fence token of this lease."""
        return self.record.fence

    def cancel_requested(self) -> bool:
        """Say whether the host stops, or the record no longer belongs to this lease. Reads the record."""
        if self.stopping:
            return True
        record = self.ledger.read(self.record.job_id)
        return record is None or record.fence != self.fence or record.status != RUNNING

    def progress(self, value: Any) -> None:
        """Write progress under the fence.

        Raises:
            LeaseLost: Another delivery owns the job now.
        """
        now = self.clock.now()
        changed = self.ledger.change(
            self.record.job_id, now, lambda record: progress(record, fence=self.fence, value=value, now=now)
        )
        if changed is None:
            problem = f"job {self.record.job_id}: the lease with fence {self.fence} is lost"
            raise LeaseLost(problem)

    def extend(self, lease_until: int) -> bool:
        """Extend the lease in the record; ``False`` if it is lost."""
        changed = self.ledger.change(
            self.record.job_id,
            self.clock.now(),
            lambda record: extend(record, fence=self.fence, lease_until=lease_until),
        )
        return changed is not None
