"""A schedule without a target."""

from purista_serverless import ServiceBuilder

billing = ServiceBuilder("Billing")
billing.schedule("monthly", "Starts nothing yet")
SERVICES = [billing]
