"""Types that cannot be inferred."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder

billing = ServiceBuilder("Billing")


@billing.command("close")
def close(ctx, payload) -> None:
    """Leave the payload open."""


@billing.command("reopen")
def reopen(ctx, payload: "Unheard") -> None:  # noqa: F821
    """Name a type that does not exist."""


SERVICES = [billing]
