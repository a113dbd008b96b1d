"""A command and a subscription without a function."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, CycleDue, Report

billing = ServiceBuilder("Billing")
billing.command("close", ClosingJob, Report)
billing.subscribe(billing.event("billing.cycleDue", CycleDue), "record")
SERVICES = [billing]
