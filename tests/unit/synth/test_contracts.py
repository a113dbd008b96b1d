"""The contracts of an application as a file, and what breaks between two of them."""

import json
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from purista_serverless import Model
from purista_serverless.errors import DeclarationError
from purista_serverless.model import Address, Application, Command, Event, Http, Lifecycle, Origin, Queue
from purista_serverless.synth.contracts import compare_contracts, render_contracts
from purista_serverless.synth.files import is_generated

HERE = Origin(file="shop.py", line=1)
ORDER: dict[str, Any] = {
    "sku": str,
    "size": Literal["small", "large"],
    "count": (Annotated[int, Field(le=10)], 1),
}
SHIPPED: dict[str, Any] = {"sku": str, "on": date}


def shop(*, order=ORDER, shipped=SHIPPED, path="/orders/{customer}", has_event=True, is_external=False):
    """Render the contracts of a shop whose types have these fields."""
    accepted, sent = create_model("Order", __base__=Model, **order), create_model("Shipped", __base__=Model, **shipped)
    command = Command(
        address=Address(service="Shop", version="1", name="order"),
        payload=accepted,
        result=sent,
        parameter=create_model("Path", __base__=Model, customer=str),
        origin=HERE,
        handler=None,
        http=Http(method="POST", path=path),
        external=is_external,
    )
    queue = Queue(
        name="shop.packing",
        payload=accepted,
        parameter=None,
        owner=command.address,
        lifecycle=Lifecycle(),
        tracking="none",
        tracking_reasons=(),
        idempotency="advisory",
        origin=HERE,
        external=is_external,
    )
    event = Event(name="shop.shipped", payload=sent, owner="Shop", origin=HERE, external=is_external)
    events = (event,) if has_event else ()
    return render_contracts(Application(name="shop", origin=HERE, commands=(command,), queues=(queue,), events=events))


def changes(new, old=None):
    """Compare with the shop as it is."""
    return list(compare_contracts(shop() if old is None else old, new))


def test_the_file(golden):
    """It says that it is generated, and holds a schema for whatever others send and get."""
    text = shop()

    assert is_generated(text)
    assert json.loads(text)["commands"]["Shop.1.order"]["route"] == "POST /orders/{customer}"
    golden("synth/contracts.json", text)


def test_a_first_file_breaks_nothing():
    """Where nothing was promised before, nothing is broken; the same promise is none either."""
    assert list(compare_contracts(None, shop())) == []
    assert changes(shop()) == []


def test_what_cannot_be_read():
    """A file with the marks of a merge is told by its name."""
    with pytest.raises(DeclarationError, match=r"contracts\.json cannot be read"):
        changes("<<<<<<< ours")


def without(fields, name):
    """Give the fields but one."""
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({**ORDER, "note": str}, "note: it is required, but is not sent"),
        ({**ORDER, "count": Annotated[int, Field(le=10)]}, "count: it is required, but may be left out"),
        ({**ORDER, "count": (Annotated[int, Field(le=5)], 1)}, "count: maximum is 5, where 10 is promised"),
        ({**ORDER, "sku": int}, "sku: string is sent, integer is expected"),
        ({**ORDER, "size": Literal["small"]}, "size: other values may be sent than are expected"),
        ({**ORDER, "size": Literal["small", "large", "huge"]}, None),
        ({**ORDER, "count": (int, 1)}, None),
        ({**ORDER, "note": (str, "")}, None),
        (without(ORDER, "count"), None),
    ],
)
def test_what_is_accepted(order, reason):
    """A demand that was not there before breaks the contract of queues and commands; a lifted one does not."""
    found = changes(shop(order=order))

    expected = {f"payload: what was accepted may be refused: {reason}"} if reason else set()
    assert {danger.why for change in found for danger in change.dangers} == expected
    assert {change.subject for change in found} == {"command Shop.1.order", "queue shop.packing"}


@pytest.mark.parametrize(
    ("shipped", "reasons"),
    [
        (without(SHIPPED, "on"), ["on: it is required, but is not sent"]),
        ({**SHIPPED, "on": str}, ["on: format is date, where nothing is promised"]),
        ({**SHIPPED, "by": str}, []),
    ],
)
def test_what_is_sent(shipped, reasons):
    """Who keeps to the old contract must be able to read results and events: what they know has to stay."""
    found = changes(shop(shipped=shipped))
    told = "who keeps to the old contract may not understand it"
    (result,) = (change for change in found if change.subject == "command Shop.1.order")

    assert [danger.why for danger in result.dangers] == [f"result: {told}: {reason}" for reason in reasons]


def test_an_event_is_read_and_written():
    """An event in flight must be accepted, and a new one understood."""
    (event,) = (found for found in changes(shop(shipped={**SHIPPED, "by": str})) if found.subject.startswith("event"))

    assert [danger.why for danger in event.dangers] == [
        "accepts: what was accepted may be refused: by: it is required, but is not sent"
    ]


def test_what_is_gone():
    """A removed event and another path break contracts."""
    removed = changes(shop(has_event=False))
    moved = changes(shop(path="/customers/{customer}/orders"))

    assert [(change.subject, change.kind) for change in removed] == [("event shop.shipped", "removed")]
    assert removed[0].dangers
    assert [danger.why for change in moved for danger in change.dangers] == [
        "POST /orders/{customer} is answered no more"
    ]


def test_what_is_new():
    """A new event is told, and breaks nothing."""
    (change,) = changes(shop(), old=shop(has_event=False))

    assert (change.subject, change.kind, change.dangers) == ("event shop.shipped", "added", ())


def test_other_systems_contracts_are_theirs():
    """What belongs to another system is not promised by this one."""
    document = json.loads(shop(is_external=True))

    assert (document["commands"], document["events"], document["queues"]) == ({}, {}, {})
