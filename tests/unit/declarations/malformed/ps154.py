"""Numbers of a schedule that make no sense."""

from datetime import timedelta

from purista_serverless import Cron, ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
billing.schedule("monthly").emit_event(
    due,
    expression=Cron("0 2 1 * *"),
    max_catch_up_count=0,
    max_lateness=timedelta(minutes=-5),
    jitter=timedelta(0),
    run_timeout=timedelta(hours=-1),
    payload=CycleDue(cycle_id="2026-01"),
)
SERVICES = [billing]
