"""A result event with the name of a declared one."""

from purista_serverless import ResultEvents, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue

billing = ServiceBuilder("Billing")
billing.event("billing.closed", CycleDue)


@billing.queue("billing.closing", ClosingJob, result=ResultEvents(int, completed="billing.closed")).worker()
def close(ctx, job: ClosingJob) -> int:
    """Close."""
    return 1


SERVICES = [billing]
