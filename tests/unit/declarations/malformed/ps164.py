"""Dead letters that live shorter than jobs."""

from datetime import timedelta

from purista_serverless import Lifecycle, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, idle

billing = ServiceBuilder("Billing")
billing.queue(
    "billing.closing",
    ClosingJob,
    lifecycle=Lifecycle(window=timedelta(days=30)),
    dead_letter_retention=timedelta(days=7),
).worker()(idle())
SERVICES = [billing]
