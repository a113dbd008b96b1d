"""An application that uses every way from one function to another, and writes down what came and when."""

import os
from datetime import timedelta
from pathlib import Path

from purista_serverless import (
    Application,
    Context,
    Cron,
    HttpRequest,
    Identity,
    Lifecycle,
    Model,
    Post,
    RetryLater,
    ServiceBuilder,
)

market = ServiceBuilder("Market", version="1", description="Sells", owner="tests")
depot = ServiceBuilder("Depot", version="1", description="Keeps", owner="tests")


TOKENS = ("ann",)


class Order(Model):
    """What is ordered; a note may be as long as it likes."""

    name: str
    note: str = ""


sold = market.event("market.sold", Order)
orders = market.queue("market.orders", Order, "Orders", lifecycle=Lifecycle(max_attempts=5))
reminders = market.queue("market.reminders", Order, "Reminders", max_delay=timedelta(days=90))
lines = market.queue("market.lines", Order, "In order", ordering_key="payload.note")
price = depot.command("price", Order, Order, "Price", http=Post("/prices"))
count = depot.command("count", Order, Order, "Count")
market.schedule("nightly", "Have the depot price").invoke(
    price, expression=Cron("0 3 * * *"), timezone="Europe/Berlin", payload=Order(name="nightly")
)


def write(ctx: Context, what: str, order: Order) -> None:
    """Write down that something came, when, how often it had come, and how long its note was."""
    file = Path(os.environ["NOTES"]) / "notes"
    with file.open("a", encoding="utf-8") as notes:
        notes.write(f"{what} {order.name} {ctx.now:%d.%H:%M} {ctx.attempt} {len(order.note)}\n")


@orders.worker(can_emit=[sold], can_enqueue=[reminders], can_invoke=[price, count])
def sell(ctx: Context, order: Order) -> None:
    """Ask the depot, tell of the sale, and be reminded in two months."""
    write(ctx, "sell", order)
    if ctx.attempt == 1 and order.name == "patient":
        raise RetryLater(timedelta(hours=6), "the depot is closed")
    priced = ctx.invoke(count, ctx.invoke(price, order))
    ctx.enqueue(reminders, Order(name=priced.name), delay=timedelta(days=60))
    ctx.emit(sold, priced)


@reminders.worker()
def remind(ctx: Context, order: Order) -> None:
    """Be reminded."""
    write(ctx, "remind", order)


@lines.worker(can_enqueue=[orders])
def stand(ctx: Context, order: Order) -> None:
    """Stand in line; whoever stumbles holds up the others."""
    write(ctx, "stand", order)
    if ctx.attempt == 1 and order.name == "stumbles":
        raise RuntimeError("stumbled")


@price.handler()
def tell_price(ctx: Context, order: Order) -> Order:
    """Price an order, for whoever asks."""
    write(ctx, "price", order)
    return Order(name=f"{order.name}-priced", note=order.note)


@count.handler()
def tell_count(ctx: Context, order: Order) -> Order:
    """Count."""
    return Order(name=f"{order.name}-counted", note=order.note)


@depot.subscribe(sold, "restock")
def restock(ctx: Context, order: Order) -> None:
    """Restock what was sold."""
    write(ctx, "restock", order)


def known(request: HttpRequest) -> Identity | None:
    """Know Ann by her token; the depot's route is therefore open to everybody's requests."""
    return Identity(principal_id="ann", tenant_id="acme") if request.bearer_token in TOKENS else None


app = Application("market", [market, depot], authenticate=known)
