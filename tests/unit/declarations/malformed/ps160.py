"""Lifecycles that contradict themselves."""

from datetime import timedelta

from purista_serverless import Backoff, Lifecycle, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
short = Lifecycle(visibility=timedelta(minutes=1), heartbeat=timedelta(minutes=5), max_attempts=0)
billing.queue("billing.closing", ClosingJob, lifecycle=short).worker()(idle())
odd = Lifecycle(
    poison_threshold=3, max_extensions=-1, window=timedelta(0), backoff=Backoff(initial=timedelta(minutes=5), jitter=2)
)


@billing.subscribe(due, "record", lifecycle=odd)
def record(ctx, payload: CycleDue) -> None:
    """Listen."""


SERVICES = [billing]
