"""Bounds that make no sense."""

from datetime import timedelta

from purista_serverless import LongRunning, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, idle

billing = ServiceBuilder("Billing")
billing.queue(
    "billing.closing",
    ClosingJob,
    profile=LongRunning(max_runtime=timedelta(0)),
    ordering_key="payload.cycleId",
    priorities=3,
    max_delay=timedelta(seconds=-1),
    max_payload=0,
).worker(batch_size=10, concurrency=0)(idle())


@billing.command("close", timeout=timedelta(0))
def close(ctx, payload: ClosingJob) -> None:
    """Close at once."""


SERVICES = [billing]
