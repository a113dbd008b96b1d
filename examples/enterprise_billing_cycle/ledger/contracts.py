"""What Ledger is called. It offers nothing to other services: it listens."""

from purista_serverless import ServiceBuilder

ledger = ServiceBuilder("Ledger", version="1", description="Keeps the books", owner="accounting")
