"""A small application for the tests of the embedded runtime, and hosts that run it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.application import Application
from purista_serverless.builder.handles import Event, Queue
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.runtime.context import Context
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.queue.application import PATIENT

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Shop:
    """An application with a queue of orders and an event that tells of each; ``seen`` is what handlers were given."""

    application: Application
    orders: Queue[Any, Any]
    sold: Event[Any]
    seen: list[tuple[str, Any]] = field(default_factory=list)


def shop(payload: Any = Any, *, listeners: tuple[str, ...] = ("told",), fails: bool = False, **options: Any) -> Shop:
    """Build the application.

    Args:
        payload: Type of the orders.
        listeners: Names of the subscriptions to the event.
        fails: Whether the worker fails.
        options: Further options of the queue.
    """
    seen: list[tuple[str, Any]] = []
    service = ServiceBuilder("Shop")
    sold = service.event("shop.sold", Any, "An order was sold")
    orders = service.queue("shop.orders", payload, "Orders", **{"lifecycle": PATIENT, **options})

    def work(ctx: Context, order: Any) -> None:
        seen.append(("order", order))
        if fails:
            raise RuntimeError("out of stock")
        ctx.emit(sold, order)

    work.__annotations__["order"] = payload
    orders.worker(name="sell", can_emit=[sold])(work)
    for name in listeners:
        service.subscribe(sold, name, lifecycle=PATIENT)(listener(name, seen))
    return Shop(Application("shop", [service]), orders, sold, seen)


def listener(name: str, seen: list[tuple[str, Any]]) -> Any:
    """Give a handler that notes what it is told."""

    def listen(ctx: Context, payload: Any) -> None:
        seen.append((name, payload))

    return listen


def host_of(declared: Shop, path: Any = ":memory:", clock: VirtualClock | None = None) -> Host:
    """Open an application on a file, at a time that stands still."""
    return Host(declared.application, path, clock=clock if clock is not None else VirtualClock(START))
