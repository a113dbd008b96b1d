"""A payload where HTTP has none."""

from purista_serverless import Get, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Report

billing = ServiceBuilder("Billing")


@billing.command("find", http=Get("/cycles"))
def find(ctx, payload: ClosingJob) -> Report:
    """Find by payload."""
    return Report(closed=0)


SERVICES = [billing]
