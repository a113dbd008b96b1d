"""An event of a service that is not part of the application."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import CycleDue

billing = ServiceBuilder("Billing")
ledger = ServiceBuilder("Ledger")
due = billing.event("billing.cycleDue", CycleDue)


@ledger.subscribe(due, "record")
def record(ctx, payload: CycleDue) -> None:
    """Listen."""


@billing.command("close")
def close(ctx, payload: CycleDue) -> None:
    """Close."""


HANDLERS = [__name__]
SERVICES = [ledger]
