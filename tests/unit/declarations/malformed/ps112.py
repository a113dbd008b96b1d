"""A handler module with a typing error in its name, and one that imports something absent."""

from purista_serverless import ServiceBuilder

billing = ServiceBuilder("Billing")
HANDLERS = ["tests.unit.declarations.shaped", "tests.unit.declarations.malformed.imports_absent"]
SERVICES = [billing]
