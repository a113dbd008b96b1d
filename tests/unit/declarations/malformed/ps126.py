"""A resource that nobody makes."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Mailer

billing = ServiceBuilder("Billing")
billing.resource("mailer", Mailer)


@billing.queue("billing.closing", ClosingJob).worker()
def close(ctx, job: ClosingJob, *, mailer: Mailer) -> None:
    """Ask for it."""


SERVICES = [billing]
