"""A keyword-only parameter that no resource fills."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Mailer

billing = ServiceBuilder("Billing")
billing.resource("mailer", Mailer, Mailer)


@billing.queue("billing.closing", ClosingJob).worker()
def close(ctx, job: ClosingJob, *, mailr: Mailer, clock: object) -> None:
    """Ask for what is not there."""


SERVICES = [billing]
