"""A filter that would let everything pass."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob)
closing.worker()(idle())


async def is_ours(event: CycleDue) -> bool:
    """Decide later."""
    return event.cycle_id != ""


billing.bind_event_to_queue(due, closing, accepts=is_ours)
SERVICES = [billing]
