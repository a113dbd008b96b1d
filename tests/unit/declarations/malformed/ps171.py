"""Paths and statuses that are not legal."""

from purista_serverless import Post, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob

billing = ServiceBuilder("Billing")


@billing.command("close", http=Post("accounts"))
def close(ctx, payload: ClosingJob) -> None:
    """Have no slash."""


@billing.command("shut", http=Post("/accounts/id={id}"))
def shut(ctx, payload: ClosingJob) -> None:
    """Have half a placeholder."""


@billing.command("seal", http=Post("/seal", status=404))
def seal(ctx, payload: ClosingJob) -> None:
    """Succeed with a refusal."""


@billing.command("accept", http=Post("/accept", mode="async", status=200))
def accept(ctx, payload: ClosingJob) -> None:
    """Accept with the wrong status."""


SERVICES = [billing]
