"""Schedules that wait for jobs of another system's queue, straight and by a binding."""

from purista_serverless import Cron, Queue, ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
theirs = Queue.external("shop.cycles", CycleDue)
billing.bind_event_to_queue(due, theirs)
january = CycleDue(cycle_id="2026-01")
billing.schedule("straight").enqueue(theirs, expression=Cron("0 2 1 * *"), concurrency_policy="forbid", payload=january)
billing.schedule("bound").emit_event(
    due,
    expression=Cron("0 2 1 * *"),
    concurrency_policy="replace",
    payload=lambda slot: CycleDue(cycle_id=f"{slot:%Y-%m}"),
)
SERVICES = [billing]
