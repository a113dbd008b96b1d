"""What every schedule does: ``ScheduleContract``, and the groups that it is made of, one per module."""

from purista_serverless.testing.contracts.schedule.gate import Crashes, Knocks, Watermark
from purista_serverless.testing.contracts.schedule.runs import Abandonment, Failures, Overlap, Replacement
from purista_serverless.testing.contracts.schedule.slots import Slots
from purista_serverless.testing.contracts.schedule.table import Table


class ScheduleContract(Table, Overlap, Replacement, Abandonment, Failures, Slots, Knocks, Watermark, Crashes):
    """Behaviour of schedules that every adapter keeps."""
