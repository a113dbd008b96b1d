"""Payloads that do not fit what is started."""

# mypy: ignore-errors
from purista_serverless import Cron, ServiceBuilder
from tests.unit.declarations.shapes import AccountPath, ClosingJob, CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
closing = billing.queue("billing.closing", ClosingJob, parameter=AccountPath)


@closing.worker()
def close(ctx, job: ClosingJob, parameter: AccountPath) -> None:
    """Close."""


nightly = Cron("0 2 * * *")
billing.schedule("absent").emit_event(due, expression=nightly)
billing.schedule("static").emit_event(due, expression=nightly, payload={"cycleId": "2026-01"})
billing.schedule("computed").emit_event(due, expression=nightly, payload=lambda slot: f"{slot:%Y-%m}")
billing.schedule("job").enqueue(closing, expression=nightly, payload=ClosingJob(cycle_id="2026-01"))
billing.schedule("failing").emit_event(due, expression=nightly, payload=lambda slot: {}["next"])
SERVICES = [billing]
