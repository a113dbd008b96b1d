"""Names that some provider refuses."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, Report, answering, idle

billing = ServiceBuilder("billing-service", version="1.0")
billing.event("1billing.cycleDue", CycleDue)
billing.queue("billing..closing", ClosingJob).worker()(idle())
billing.command("close account", None, Report).handler()(answering())
SERVICES = [billing]
