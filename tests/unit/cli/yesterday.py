"""The shop as it was deployed yesterday: an order had no count."""

from purista_serverless import Application, Context, HandledError, Model, ServiceBuilder


class Order(Model):
    """What somebody wanted."""

    sku: str


shop = ServiceBuilder("Shop")
packing = shop.queue("shop.packing", Order, tracking="full")


@packing.worker()
def pack(ctx: Context, order: Order) -> None:
    """Give up."""
    raise HandledError(422, "sold out")


app = Application("shop", [shop])
