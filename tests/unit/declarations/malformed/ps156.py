"""Schedules that would replace each run by none, since the next one has the same strict key."""

from typing import Any

from purista_serverless import Cron, ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
cycles = billing.queue("billing.cycles", CycleDue)
billing.bind_event_to_queue(due, cycles, idempotency_mode="strict")
hourly = Cron("0 * * * *")
current = CycleDue(cycle_id="current")


@cycles.worker()
def work(ctx: Any, job: CycleDue) -> None:
    """Do nothing with a job."""


billing.schedule("straight").enqueue(
    cycles, expression=hourly, concurrency_policy="replace", idempotency_key="payload.cycleId", payload=current
)
billing.schedule("bound").emit_event(
    due,
    expression=hourly,
    concurrency_policy="replace",
    idempotency_key=lambda payload: payload.cycle_id,
    payload=current,
)
SERVICES = [billing]
