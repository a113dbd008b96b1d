"""What a generated file hands over: the handler, and what only the whole application knows."""

import pytest

from purista_serverless import Application, Post, ServiceBuilder
from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.entry import Entry
from purista_serverless.synth.handlers import find_unreachable, render_handlers
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import ports
from purista_serverless.topology import topology_of
from tests.unit.runtime import deployed

TARGET = "tests.unit.runtime.deployed:place_order"


def function_with(**facts):
    """Bind the deployed handler with facts."""
    return Entry(TARGET, ("command:Shop.1.place",), facts).function()


def test_a_function_without_facts_knows_what_its_module_declares():
    """Handles are enough, where nobody else has a say."""
    function = function_with()

    assert dict(function.queues) == {}
    assert function.resources(ports_with_nothing()) == {"bank": "the real bank"}


def test_a_queue_that_others_made_strict_is_strict_for_whoever_enqueues():
    """Both ends agree on the job's id and its record; other queues are as their handles say."""
    function = function_with(strict=("shop.orders",), recorded=("shop.letters",))

    specs = {name: (spec.is_strict, spec.tracking) for name, spec in function.queues.items()}
    assert specs == {"shop.orders": (True, "full"), "shop.letters": (False, "full")}


def test_a_factory_of_the_application_stands_in_for_the_declared_one():
    """It is named, and imported when the handler runs."""
    function = function_with(resources={"bank": "tests.unit.runtime.deployed:fake_bank"})

    assert function.resources(ports_with_nothing()) == {"bank": "a fake bank"}


def test_a_target_that_handles_nothing_is_refused():
    """A function that lost its decorator is told at import, not at its first message."""
    with pytest.raises(DeclarationError, match="is no registered handler"):
        Entry("tests.unit.runtime.deployed:fake_bank", (), {}).function()


def test_a_build_tells_a_function_what_it_cannot_see():
    """The facts come from the application: the strict binding of another service, a factory by its name."""
    other = ServiceBuilder("Other")
    due = other.event("other.due", str)
    deployed.shop.bind_event_to_queue(due, deployed.orders, idempotency_mode="strict")
    app = Application("shop", [deployed.shop, other], resources={"bank": deployed.fake_bank})
    files = render_handlers(topology_of(app.model))

    text = files["handlers/shop_place.py"]
    assert 'strict=("shop.orders",)' in text
    assert 'resources={"bank": "tests.unit.runtime.deployed:fake_bank"}' in text


def test_an_application_s_own_way_to_tell_who_asks_is_a_fact_of_private_commands():
    """A deployed function finds it by its name, and only where somebody has to be asked."""
    door = ServiceBuilder("Door")
    knock = door.command("knock", str, str, http=Post("/knock"))
    ring = door.command("ring", str, str, http=Post("/ring", public=True))
    knock.handler()(deployed.knocked)
    ring.handler()(deployed.rung)
    files = render_handlers(topology_of(Application("door", [door], authenticate=deployed.authenticate).model))

    assert 'authenticate="tests.unit.runtime.deployed:authenticate"' in files["handlers/door_knock.py"]
    assert "authenticate" not in files["handlers/door_ring.py"]
    assert Entry(TARGET, (), {"authenticate": "tests.unit.runtime.deployed:authenticate"}).authenticate() is (
        deployed.authenticate
    )
    assert Entry(TARGET, (), {}).authenticate() is None


def test_a_way_to_tell_who_asks_that_has_no_name_is_a_problem_of_the_build():
    """Nobody could find it from inside of a deployed function; by its place it may be anything."""
    problems, found = [], []
    for authenticate in (lambda _: None, "tests.unit.runtime.deployed:authenticate"):
        door = ServiceBuilder("Door")
        knock = door.command("knock", str, str, http=Post("/knock"))

        @knock.handler()
        def knocked(ctx, payload: str) -> str:
            return payload

        application = Application("door", [door], authenticate=authenticate)
        found.append(application.model.authenticate)
        problems.append([problem.what for problem in find_unreachable(topology_of(application.model))])

    nameless = "the application's authenticate has no name in a module that a deployed function could import"
    assert (nameless in problems[0], nameless in problems[1]) == (True, False)
    assert found[1] is deployed.authenticate


def ports_with_nothing():
    """Give ports whose resources nobody has made yet."""
    return ports(VirtualClock(0))
