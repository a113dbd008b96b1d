"""A time zone with a typing error."""

from purista_serverless import Cron, ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
billing.schedule("monthly").emit_event(
    due, expression=Cron("0 2 1 * *"), timezone="Europe/Berln", payload=CycleDue(cycle_id="2026-01")
)
SERVICES = [billing]
