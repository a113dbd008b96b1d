"""Annotations that contradict the handle."""

# mypy: ignore-errors
from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, Report

billing = ServiceBuilder("Billing")


@billing.command("close", ClosingJob, Report).handler()
def close(ctx, payload: CycleDue) -> int:
    """Take and give something else."""
    return 1


@billing.queue("billing.closing", ClosingJob).worker()
def work(ctx, job: ClosingJob) -> Report:
    """Give a result that nobody declared."""
    return Report(closed=1)


SERVICES = [billing]
