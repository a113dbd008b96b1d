"""Option values that do not exist."""

# mypy: ignore-errors
from purista_serverless import Cron, Post, ResultEvents, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
billing.schedule("monthly").emit_event(
    due,
    expression=Cron("0 2 1 * *"),
    concurrency_policy="forbidd",
    missed_run_policy="catchup",
    payload=CycleDue(cycle_id="2026-01"),
)
results = ResultEvents(int, completed="billing.closed", delivery="always")
closing = billing.queue("billing.closing", ClosingJob, result=results, idempotency="strikt", tracking="all")


@closing.worker()
def close(ctx, job: ClosingJob) -> int:
    """Close."""
    return 1


@billing.command("close", http=Post("/close", mode="asynch"))
def ask(ctx, payload: ClosingJob) -> None:
    """Ask."""


billing.bind_event_to_queue(due, closing, idempotency_mode="exactly-once")
SERVICES = [billing]
