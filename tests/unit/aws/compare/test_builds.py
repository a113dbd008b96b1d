"""Changes of declarations, and what the diff of two real builds for AWS says of each."""

from typing import Any

import pytest

from purista_serverless import Application, Context, Cron, Lifecycle, Model, ServiceBuilder
from purista_serverless.adapters import load_adapter
from purista_serverless.synth.diff import diff
from purista_serverless.synth.pipeline import render


class Order(Model):
    """What somebody wants."""

    sku: str


class Counted(Order):
    """The same with one more demand."""

    count: int


def handler(name: str, payload: type[Order]) -> Any:
    """Give a new handler of a payload: a function handles one thing only."""

    def handle(ctx: Context, order: Any) -> None:
        """Do nothing."""

    handle.__name__ = handle.__qualname__ = name
    handle.__annotations__ = {"ctx": Context, "order": payload, "return": None}
    return handle


def shop(
    *,
    queue: dict[str, Any] | None = None,
    payload: type[Order] = Order,
    emits: bool = True,
    subscribes: bool = True,
    is_scheduled: bool = True,
) -> dict[str, str]:
    """Build a shop for AWS."""
    service = ServiceBuilder("Shop")
    shipped = service.event("shop.shipped", Order)
    packing = service.queue("shop.packing", payload, **(queue or {}))
    worker: Any = packing.worker(can_emit=[shipped] if emits else [])
    worker(handler("pack", payload))
    if subscribes:
        service.subscribe(shipped, "tell")(handler("tell", Order))
    if is_scheduled:
        schedule = service.schedule("weekly")
        schedule.emit_event(shipped, expression=Cron("0 6 * * 1"), timezone="UTC", payload=Order(sku="tea"))
    return render(Application("shop", [service]).model, load_adapter("aws"))


def told(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Give subject and risk of all dangers, sorted, without the types of resources."""
    model = Application("shop", [ServiceBuilder("Shop")]).model
    found = diff(model, load_adapter("aws"), before, after, against="before")
    return sorted(
        {f"{change.subject.split(' (')[0]}: {danger.risk}" for change in found.changes for danger in change.dangers}
    )


def test_a_queue_gets_an_order():
    """A queue with an ordering key is FIFO: it is made anew and loses what waits; its dead letters are kept."""
    assert told(shop(), shop(queue={"ordering_key": "payload.sku"})) == [
        "ShopPackingDeadLetter: replaces-resource",
        "ShopPackingQueue: loses-data",
        "ShopPackingQueue: replaces-resource",
    ]


def test_fewer_attempts():
    """Fewer attempts are a smaller native limit."""
    assert told(shop(), shop(queue={"lifecycle": Lifecycle(max_attempts=2)})) == ["ShopPackingQueue: weakens-retry"]


def test_another_event():
    """A handler that may emit has a wider role; one that may no more has not."""
    wider = told(shop(emits=False), shop())

    assert {line.rpartition(" ")[2] for line in wider} == {"widens-access"}
    assert told(shop(), shop(emits=False)) == []


def test_a_subscription_goes():
    """Its queue and its dead letters are deleted with what is in them, its logs too; that is all."""
    found = told(shop(), shop(subscribes=False))

    assert found
    assert {line.rpartition(" ")[2] for line in found} == {"loses-data"}


def test_a_demand_is_added():
    """A new required field breaks the contract of the queue, and nothing of the template changes."""
    assert told(shop(), shop(payload=Counted)) == ["queue shop.packing: breaks-contract"]


def test_nothing_dangerous():
    """A schedule that goes takes nothing along that somebody would miss."""
    assert [line for line in told(shop(), shop(is_scheduled=False)) if "loses-data" not in line] == []


@pytest.mark.parametrize("change", [{}, {"queue": {"description": "Packs"}}])
def test_nothing_at_all(change):
    """The same declarations, or others that AWS does not see, change nothing."""
    assert told(shop(), shop(**change)) == []
