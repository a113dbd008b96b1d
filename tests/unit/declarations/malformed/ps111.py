"""Names and wrong handles where handles are expected."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob)


@closing.worker(can_emit=["billing.cycleDue", closing])
def close(ctx, job: ClosingJob) -> None:
    """Close."""


SERVICES = [billing]
