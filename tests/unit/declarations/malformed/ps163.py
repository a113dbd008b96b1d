"""Less tracking than strict idempotency needs."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob, tracking="none")
closing.worker()(idle())
billing.bind_event_to_queue(due, closing, idempotency_mode="strict")
SERVICES = [billing]
