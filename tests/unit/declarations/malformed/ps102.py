"""Names that are used twice."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, Report, answering, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
billing.event("billing.CycleDue", CycleDue)
billing.queue("billing.closing", ClosingJob).worker(name="first")(idle())
billing.command("close", None, Report).handler()(answering())


@billing.command("Close")
def close_again(ctx, payload: CycleDue) -> None:
    """Have the other command's name."""


@billing.subscribe(due, "record")
def record(ctx, payload: CycleDue) -> None:
    """Listen."""


@billing.subscribe(due, "record")
def record_again(ctx, payload: CycleDue) -> None:
    """Have the other subscription's name."""


SERVICES = [billing, ServiceBuilder("BILLING")]
