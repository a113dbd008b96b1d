"""A shop with a handler of each kind, declared anew for each test that changes it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from purista_serverless.application import Application
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import Backoff, Lifecycle
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.values import Schedule
from purista_serverless.errors import HandledError
from purista_serverless.runtime.context import Context
from purista_serverless.schedule import Cron
from purista_serverless.schema import Model


class Order(Model):
    """An order; number 99 cannot be packed, number 404 has no price."""

    number: int


class Diary:
    """Takes down which orders were packed."""

    def __init__(self):
        self.numbers = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a test needs of the shop."""

    application: Application
    ordered: Event[Order]
    packing: Queue[Order, None]
    place: Command[Order, int]
    rate_of: Command[Order, int]
    inventory: Schedule
    pack: Any
    remember: Any


def open_shop(cron: str = "0 * * * *") -> Shop:
    """Declare the shop; inventory is taken when the clock says so."""
    shop = ServiceBuilder("Shop", version="1", description="Sells", owner="tests")
    ordered = shop.event("shop.ordered", Order)
    lifecycle = Lifecycle(max_attempts=2, backoff=Backoff(jitter=0.0))
    packing = shop.queue("shop.packing", Order, lifecycle=lifecycle)
    place = shop.command("place", Order, int)
    price_of = shop.command("priceOf", Order, int)
    rate_of = shop.command("rateOf", Order, int)
    shop.resource("diary", Diary, factory=Diary)
    inventory = shop.schedule("inventory").enqueue(
        packing, expression=Cron(cron), payload=lambda slot: Order(number=slot.hour)
    )

    @place.handler(can_emit=[ordered], can_invoke=[price_of])
    def place_order(ctx: Context, order: Order) -> int:
        ctx.emit(ordered, order)
        return ctx.invoke(price_of, order)

    @price_of.handler(can_invoke=[rate_of])
    async def price(ctx: Context, order: Order) -> int:
        await asyncio.sleep(3)
        if order.number == 404:
            raise HandledError(404, "no such order")
        return order.number * await ctx.ainvoke(rate_of, order)

    @rate_of.handler()
    def rate(ctx: Context, order: Order) -> int:
        return 2

    @shop.subscribe(ordered, "remember", can_enqueue=[packing])
    def remember(ctx: Context, order: Order) -> None:
        ctx.enqueue(packing, order)

    @packing.worker()
    def pack(ctx: Context, order: Order, *, diary: Diary) -> None:
        diary.numbers.append(order.number)
        if order.number == 99:
            raise ValueError("bad luck")

    return Shop(
        application=Application("shop", [shop]),
        ordered=ordered,
        packing=packing,
        place=place,
        rate_of=rate_of,
        inventory=inventory,
        pack=pack,
        remember=remember,
    )
