"""Two workers of one queue."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob

billing = ServiceBuilder("Billing")
closing = billing.queue("billing.closing", ClosingJob)


@closing.worker()
def close(ctx, job: ClosingJob) -> None:
    """Close."""


@closing.worker()
def close_better(ctx, job: ClosingJob) -> None:
    """Close better."""


SERVICES = [billing]
