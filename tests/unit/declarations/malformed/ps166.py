"""Result events without a name."""

from purista_serverless import ResultEvents, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Report

billing = ServiceBuilder("Billing")


@billing.queue("billing.closing", ClosingJob, result=ResultEvents(Report)).worker()
def close(ctx, job: ClosingJob) -> Report:
    """Close."""
    return Report(closed=1)


SERVICES = [billing]
