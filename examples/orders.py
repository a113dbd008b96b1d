"""A service in one file: a command over HTTP, a queue, an event, a schedule."""

from purista_serverless import Application, Context, Cron, HandledError, Model, Post, ServiceBuilder


class Order(Model):
    """What somebody wants."""

    sku: str
    count: int


orders = ServiceBuilder("Orders", description="Takes orders and ships them")
shipped = orders.event("orders.shipped", Order)
shipping = orders.queue("orders.shipping", Order, max_attempts=5)
place = orders.command("place", http=Post("/orders"))


@place.handler(can_enqueue=[shipping])
def place_order(ctx: Context, order: Order) -> str:
    """Take an order and give the id of its job."""
    if order.count < 1:
        raise HandledError(422, "order at least one")
    return ctx.enqueue(shipping, order)


@shipping.worker(can_emit=[shipped])
async def ship(ctx: Context, order: Order) -> None:
    """Ship an order and tell everybody."""
    await ctx.aemit(shipped, order)


weekly = orders.schedule("standingOrder").enqueue(
    shipping, expression=Cron("0 6 * * MON"), timezone="Europe/Berlin", payload=Order(sku="tea", count=100)
)

app = Application("orders", [orders])
