"""An application whose declarations contradict each other."""

from purista_serverless import Application, ServiceBuilder

shop = ServiceBuilder("Shop")
shop.queue("shop.packing", int, max_attempts=3)
shop.command("place", int, int)

app = Application("shop", [shop])
