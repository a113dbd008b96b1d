"""Key paths that lead nowhere."""

from purista_serverless import Cron, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob, ordering_key="cycleId")
closing.worker()(idle())
billing.bind_event_to_queue(due, closing, idempotency_key="payload.accountId")
billing.schedule("monthly").emit_event(
    due, expression=Cron("0 2 1 * *"), payload=CycleDue(cycle_id="2026-01"), idempotency_key="payload.cycle"
)
SERVICES = [billing]
