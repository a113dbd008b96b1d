"""Applications that ask for all that the adapter can plan, and for a lot of it."""

from datetime import UTC, datetime, timedelta

from purista_serverless import (
    Application,
    Cron,
    Get,
    Interval,
    Lifecycle,
    Model,
    OneShot,
    Post,
    ServiceBuilder,
)


class Order(Model):
    """An order."""

    number: str
    customer: str = ""


class Path(Model):
    """What a path holds."""

    number: str


def everything() -> Application:
    """Make an application with every kind of edge: direct and not, ordered and not, private and public."""
    shop = ServiceBuilder("Shop", version="2", description="Sells")
    legacy = ServiceBuilder("Legacy", version="1", description="Ships")
    paid = shop.event("shop.paid", Order)
    packing = shop.queue(
        "shop.packing",
        Order,
        "Pack",
        lifecycle=Lifecycle(visibility=timedelta(seconds=30), heartbeat=timedelta(seconds=10)),
    )
    ordered = shop.queue(
        "shop.ordered", Order, "One after the other", ordering_key="payload.customer", max_delay=timedelta(days=2)
    )
    token, rate = shop.secret("TOKEN"), shop.config("RATE", int, default=1)

    ordering = shop.command("order", Order, Order, "Order", http=Post("/orders/{number}"), parameter=Path)
    listing = shop.command("list", None, Order, "List", http=Get("/orders", public=True))

    @ordering.handler(can_emit=[paid], can_enqueue=[packing, ordered], uses=[token, rate])
    def order(_ctx, payload: Order, parameter: Path) -> Order:
        return payload

    @listing.handler(can_invoke=[ordering])
    def list_orders(_ctx, payload: None) -> Order:
        return Order(number="1")

    @packing.worker(batch_size=100, concurrency=5)
    def pack(_ctx, job: Order) -> None:
        """Pack."""

    @ordered.worker(batch_size=10, can_enqueue=[packing])
    def follow(_ctx, job: Order) -> None:
        """Follow."""

    @legacy.subscribe(paid, "ship", sender_service="Shop", sender_version="2", tenant_id="acme")
    def ship(_ctx, payload: Order) -> None:
        """Ship."""

    @legacy.subscribe(None, "audit", message_type="customMessage")
    def audit(_ctx, payload: Order) -> None:
        """Audit."""

    shop.bind_event_to_queue(paid, packing)
    shop.bind_event_to_queue(paid, ordered)
    static = Order(number="1", customer="a")
    shop.schedule("nightly", "At night").enqueue(packing, expression=Cron("0 2 * * *"), payload=static)
    shop.schedule("hourly", "Each hour").emit_event(paid, expression=Interval(timedelta(hours=1)), payload=static)
    shop.schedule("once", "Once").enqueue(
        packing, expression=OneShot(datetime(2030, 1, 1, tzinfo=UTC)), payload=static, enabled=False
    )
    shop.schedule("calling", "Order one").invoke(
        ordering, expression=Cron("0 3 * * *"), payload=static, parameter=Path(number="1")
    )
    shop.schedule("gated", "Computed").enqueue(
        packing, expression=Cron("0 4 * * *"), payload=lambda slot: Order(number=f"{slot:%Y}")
    )
    return Application("everything", [shop, legacy])


def large(functions: int, *, services: int) -> Application:
    """Make an application with some workers in each of some services."""
    return Application("large", [_service(number, functions // services) for number in range(services)])


def _service(number: int, workers: int) -> ServiceBuilder:
    service = ServiceBuilder(f"Service{number}", version="1", description="One of many")
    for place in range(workers):
        _work(service, f"service{number}.queue{place}", f"worker{place}")
    return service


def _work(service: ServiceBuilder, queue: str, worker: str) -> None:
    jobs = service.queue(queue, Order, "Jobs")

    @jobs.worker(name=worker)
    def work(_ctx, job: Order) -> None:
        """Work."""
