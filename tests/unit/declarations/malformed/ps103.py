"""One success event of two commands."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import Report, answering

billing = ServiceBuilder("Billing")
billing.command("close", None, Report, success_event="billing.closed").handler()(answering())


@billing.command("closeAll", success_event="billing.closed")
def close_all(ctx, payload: None) -> Report:
    """Answer."""
    return Report(closed=1)


SERVICES = [billing]
