"""A handler that yields."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob

billing = ServiceBuilder("Billing")


@billing.queue("billing.closing", ClosingJob).worker()
async def close(ctx, job: ClosingJob):
    """Yield."""
    yield job


SERVICES = [billing]
