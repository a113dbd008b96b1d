"""A type that cannot travel as JSON."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import Mailer

billing = ServiceBuilder("Billing")
billing.event("billing.mailed", Mailer)
SERVICES = [billing]
