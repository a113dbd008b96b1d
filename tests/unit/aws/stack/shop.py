"""A shop with one edge of every kind, and the names of its queues on a stack."""

from purista_serverless import Application, Context, Cron, Model, ServiceBuilder


class Order(Model):
    """What somebody wants."""

    sku: str
    count: int
    note: str = ""


shop = ServiceBuilder("Shop")
shipped = shop.event("shop.shipped", Order)
packing = shop.queue("shop.packing", Order, tracking="full")
mails = shop.queue("shop.mails", Order)
lines = shop.queue("shop.lines", Order, ordering_key="payload.sku")
count = shop.command("count", Order, int)


@packing.worker()
def pack(ctx: Context, order: Order) -> None:
    """Pack."""


@mails.worker()
def mail(ctx: Context, order: Order) -> None:
    """Write."""


@lines.worker()
def line(ctx: Context, order: Order) -> None:
    """Keep the order."""


@count.handler()
def count_order(ctx: Context, order: Order) -> int:
    """Count."""
    return order.count


@shop.subscribe(shipped, "tell")
def tell(ctx: Context, order: Order) -> None:
    """Tell."""


shop.bind_event_to_queue(shipped, mails, map_payload=lambda order: order)
ORDER = Order(sku="tea", count=2)
shop.schedule("weekly").emit_event(shipped, expression=Cron("0 6 * * MON"), timezone="UTC", payload=ORDER)
shop.schedule("daily").invoke(count, expression=Cron("0 6 * * *"), timezone="UTC", payload=ORDER)
shop.schedule("hourly").enqueue(
    packing, expression=Cron("0 * * * *"), timezone="UTC", payload=ORDER, concurrency_policy="forbid"
)

app = Application("shop", [shop])

FIFO = "queue:shop.lines"
EDGES = ("queue:shop.packing", "queue:shop.mails", "subscription:Shop.1.tell", "call:Shop.1.daily")
BINDING = "binding:shop.shipped:shop.mails"
QUEUES = (*EDGES, BINDING, FIFO, "gate:Shop.1.hourly")
DEAD_LETTERS = (*EDGES, BINDING, "schedule:Shop.1.weekly", "schedule:Shop.1.hourly")
