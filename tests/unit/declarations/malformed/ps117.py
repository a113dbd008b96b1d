"""A binding in a service that does not own the queue."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
ledger = ServiceBuilder("Ledger")
closing = billing.queue("billing.closing", ClosingJob)
closing.worker()(idle())
ledger.bind_event_to_queue(ledger.event("ledger.cycleDue", CycleDue), closing)
SERVICES = [billing, ledger]
