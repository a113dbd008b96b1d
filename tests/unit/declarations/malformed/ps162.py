"""Options that exclude each other."""

from datetime import timedelta

from purista_serverless import Lifecycle, LongRunning, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob

billing = ServiceBuilder("Billing")
profile = LongRunning(max_runtime=timedelta(hours=1))


@billing.queue("billing.closing", ClosingJob, profile=profile, lifecycle=Lifecycle()).worker()
def close(ctx, job: ClosingJob) -> None:
    """Close."""


@billing.queue("billing.reopening", ClosingJob, lifecycle=Lifecycle(max_attempts=3), max_attempts=5).worker()
def reopen(ctx, job: ClosingJob) -> None:
    """Reopen."""


SERVICES = [billing]
