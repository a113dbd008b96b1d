"""A subscription to everything."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder

billing = ServiceBuilder("Billing")


@billing.subscribe(None, "record")
def record(ctx, payload: dict) -> None:
    """Listen to everything."""


SERVICES = [billing]
