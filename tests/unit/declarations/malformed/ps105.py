"""Contracts, resources and settings that disagree."""

from purista_serverless import Event, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, Mailer

billing = ServiceBuilder("Billing")
billing.event("billing.cycleDue", CycleDue)
billing.resource("mailer", Mailer, Mailer)
billing.config("limit", int)
ledger = ServiceBuilder("Ledger")
ledger.resource("mailer", ClosingJob)
ledger.config("limit", str)


@ledger.subscribe(Event.external("billing.cycleDue", CycleDue), "record")
def record(ctx, payload: CycleDue) -> None:
    """Listen."""


@ledger.subscribe(Event.external("shop.ordered", CycleDue), "ordered")
def ordered(ctx, payload: CycleDue) -> None:
    """Listen to a shop."""


@ledger.subscribe(Event.external("shop.ordered", ClosingJob), "orderedToo")
def ordered_too(ctx, payload: ClosingJob) -> None:
    """Listen to the same shop with another idea of its event."""


SERVICES = [billing, ledger]
