"""Paths and statuses that are not legal."""

from purista_serverless import Post, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, idle

billing = ServiceBuilder("Billing")
closing = billing.queue("billing.closing", ClosingJob)
closing.worker()(idle())


@billing.command("close", http=Post("accounts"))
def close(ctx, payload: ClosingJob) -> None:
    """Have no slash."""


@billing.command("shut", http=Post("/accounts/id={id}"))
def shut(ctx, payload: ClosingJob) -> None:
    """Have half a placeholder."""


@billing.command("seal", http=Post("/seal", status=404))
def seal(ctx, payload: ClosingJob) -> None:
    """Succeed with a refusal."""


@billing.command("accept", http=Post("/accept", mode="async", status=200)).handler(can_enqueue=[closing])
def accept(ctx, payload: ClosingJob) -> str:
    """Accept with the wrong status."""
    return ""


@billing.command("store", http=Post("/store", max_body=0))
def store(ctx, payload: ClosingJob) -> None:
    """Let nothing in."""


SERVICES = [billing]
