"""Expressions that are none."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
payload = CycleDue(cycle_id="2026-01")
billing.schedule("monthly").emit_event(due, expression="0 2 31 2 *", payload=payload)
billing.schedule("weekly").emit_event(due, expression="0 2 * *", payload=payload)
billing.schedule("daily").emit_event(due, expression=None, payload=payload)
SERVICES = [billing]
