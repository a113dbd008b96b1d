"""A resource of another type."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Mailer, Report

billing = ServiceBuilder("Billing")
billing.resource("mailer", Mailer, Mailer)


@billing.queue("billing.closing", ClosingJob).worker()
def close(ctx, job: ClosingJob, *, mailer: Report) -> None:
    """Ask for another type."""


SERVICES = [billing]
