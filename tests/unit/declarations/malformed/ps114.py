"""A queue without a worker."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob

billing = ServiceBuilder("Billing")
billing.queue("billing.closing", ClosingJob)
SERVICES = [billing]
