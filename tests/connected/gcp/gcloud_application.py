"""A shop with one of each kind of thing that a script deploys, and no more: every one costs commands."""

from datetime import timedelta

from purista_serverless import Application, Command, Cron, Get, Lifecycle, Model, ServiceBuilder


class Order(Model):
    """An order."""

    number: str
    customer: str = ""


_SHORT = Lifecycle(visibility=timedelta(seconds=60), heartbeat=timedelta(seconds=20))


def shop() -> Application:
    """Make the application."""
    builder = ServiceBuilder("Shop", version="2", description="Sells")
    paid = builder.event("shop.paid", Order)
    packing = builder.queue("shop.packing", Order, "Pack", ordering_key="payload.customer", lifecycle=_SHORT)
    quote = Command.external("Rates", "3", "quote", Order, Order)
    token, rate = builder.secret("TOKEN"), builder.config("RATE", str)
    listing = builder.command("list", None, Order, "List", http=Get("/orders", public=True))

    @listing.handler(can_invoke=[quote], can_enqueue=[packing])
    def list_orders(_ctx, payload: None) -> Order:
        return Order(number="1")

    @packing.worker(can_emit=[paid], uses=[token, rate])
    def pack(_ctx, job: Order) -> None:
        """Pack."""

    @builder.subscribe(paid, "ship", sender_service="Shop", sender_version="2")
    def ship(_ctx, payload: Order) -> None:
        """Ship."""

    static = Order(number="1", customer='${number} "quoted" it\'s $HOME\\n')
    builder.schedule("static", "Direct").enqueue(packing, expression=Cron("0 2 * * *"), payload=static)
    builder.schedule("paused", "Not now").emit_event(
        paid, expression=Cron("*/10 9-17 * * MON-FRI"), timezone="Europe/Berlin", payload=static, enabled=False
    )
    return Application("shop", [builder])
