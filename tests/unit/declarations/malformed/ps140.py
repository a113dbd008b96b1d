"""A mapping that gives something else."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import AccountJob, ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob)
closing.worker()(idle())


def to_job(event: CycleDue) -> AccountJob:
    """Give a job of another queue."""
    return AccountJob(account_id=event.cycle_id)


billing.bind_event_to_queue(due, closing, map_payload=to_job)
SERVICES = [billing]
