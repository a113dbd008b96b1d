"""Placeholders without a field."""

from purista_serverless import Post, ServiceBuilder
from tests.unit.declarations.shapes import AccountPath, ClosingJob

billing = ServiceBuilder("Billing")


@billing.command("close", ClosingJob, http=Post("/accounts/{accountId}/close")).handler()
def close(ctx, payload: ClosingJob) -> None:
    """Have no parameter."""


@billing.command("shut", ClosingJob, parameter=AccountPath, http=Post("/accounts/{accountNo}/shut")).handler()
def shut(ctx, payload: ClosingJob, parameter: AccountPath) -> None:
    """Have another parameter."""


SERVICES = [billing]
