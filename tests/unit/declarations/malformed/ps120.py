"""Handlers that cannot be called."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import AccountPath, ClosingJob, CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)


@billing.command("close", ClosingJob).handler()
def close(ctx) -> None:
    """Take too little."""


@billing.command("reopen", ClosingJob).handler()
def reopen(ctx, payload: ClosingJob, parameter: AccountPath) -> None:
    """Take a parameter that nobody declared."""


@billing.subscribe(due, "record")
def record(ctx, payload: CycleDue, parameter: AccountPath) -> None:
    """Take a parameter that no event has."""


SERVICES = [billing]
