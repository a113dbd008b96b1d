"""Commands that wait for each other."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import Report

billing = ServiceBuilder("Billing")
first = billing.command("first", None, Report)
second = billing.command("second", None, Report)


@first.handler(can_invoke=[second])
def ask_second(ctx, payload: None) -> Report:
    """Ask the second."""
    return ctx.invoke(second, None)


@second.handler(can_invoke=[first])
def ask_first(ctx, payload: None) -> Report:
    """Ask the first."""
    return ctx.invoke(first, None)


SERVICES = [billing]
