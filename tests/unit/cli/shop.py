"""A small shop that has everything the command line can show."""

from purista_serverless import Application, Context, Cron, HandledError, Model, Post, ServiceBuilder


class Order(Model):
    """What somebody wants."""

    sku: str
    count: int


class Shelf(Model):
    """Where it lies."""

    row: int


class Placed(Model):
    """What became of an order."""

    job_id: str


shop = ServiceBuilder("Shop", description="Sells things")
shipped = shop.event("shop.shipped", Order)
packing = shop.queue("shop.packing", Order, max_attempts=3, priorities=3, tracking="full")
mails = shop.queue("shop.mails", Order)
place = shop.command("place", http=Post("/orders", public=True))
move = shop.command("move", Order, str, parameter=Shelf)


@place.handler(can_enqueue=[packing])
def place_order(ctx: Context, order: Order) -> Placed:
    """Take an order."""
    if order.count < 1:
        raise HandledError(422, "order at least one")
    return Placed(job_id=ctx.enqueue(packing, order))


@move.handler()
def move_order(ctx: Context, order: Order, shelf: Shelf) -> str:
    """Tell where it was put, and for whom."""
    return f"{order.sku} in row {shelf.row} for {ctx.tenant_id}/{ctx.principal_id}"


@packing.worker(can_emit=[shipped])
def pack(ctx: Context, order: Order) -> None:
    """Pack what exists."""
    if order.sku == "unicorn":
        raise HandledError(404, "there are no unicorns")
    ctx.emit(shipped, order)


@mails.worker()
def mail(ctx: Context, order: Order) -> None:
    """Write to the customer."""


@shop.subscribe(shipped, "tell")
def tell(ctx: Context, order: Order) -> None:
    """Tell the customer."""


shop.schedule("weekly").enqueue(
    packing, expression=Cron("0 6 * * MON"), timezone="Europe/Berlin", payload=Order(sku="tea", count=100)
)
shop.schedule("hourly").enqueue(
    mails, expression=Cron("30 * * * *"), timezone="UTC", payload=Order(sku="news", count=1), enabled=False
)

app = Application("shop", [shop])

not_an_application = "shop"
