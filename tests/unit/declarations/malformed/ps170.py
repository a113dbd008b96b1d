"""One route of two commands."""

from purista_serverless import Post, ServiceBuilder
from tests.unit.declarations.shapes import AccountPath, ClosingJob

billing = ServiceBuilder("Billing")


@billing.command("close", ClosingJob, parameter=AccountPath, http=Post("/accounts/{accountId}/close")).handler()
def close(ctx, payload: ClosingJob) -> None:
    """Close."""


@billing.command("shut", ClosingJob, parameter=AccountPath, http=Post("/accounts/{account_id}/close")).handler()
def shut(ctx, payload: ClosingJob) -> None:
    """Shut."""


SERVICES = [billing]
