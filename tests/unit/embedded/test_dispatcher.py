"""The dispatcher when something goes wrong: one message does not stop the others, and nothing is lost."""

import logging
import os
from datetime import timedelta
from typing import Any

import pytest

from purista_serverless.adapters.embedded.dead_letters import redrive_letter
from purista_serverless.adapters.embedded.delivery import Delivery
from purista_serverless.adapters.embedded.dispatcher import Dispatcher
from purista_serverless.adapters.embedded.intake import Intake, channels_of
from purista_serverless.adapters.embedded.jobs import list_leases, show_job
from purista_serverless.adapters.embedded.runners import InlineRunner
from purista_serverless.application import Application
from purista_serverless.builder.handles import Queue
from purista_serverless.builder.options import ResultEvents
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import Unavailable
from purista_serverless.runtime.context import Context
from purista_serverless.schema import QueueResult
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START, host_of, shop

EDGE = "queue:shop.orders"


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """Keep the log of what is meant to go wrong out of the report."""
    caplog.set_level(logging.CRITICAL)


@pytest.fixture
def clock():
    """Give a clock that stands still until it is moved."""
    return VirtualClock(START)


def test_what_the_core_itself_fails_on_is_tried_again_and_then_kept(clock):
    """A result that no record can hold ends as a dead letter that names the reason, and the next job is done."""
    deep: Any = 1
    for _ in range(250):
        deep = [deep]
    seen: list[str] = []
    service = ServiceBuilder("Shop")
    queue: Queue[str, Any] = service.queue("shop.orders", str, "Orders", result=Any, tracking="full", max_attempts=2)

    @queue.worker()
    def work(ctx: Context, order: str) -> Any:
        seen.append(order)
        return deep if order == "deep" else order

    declared = shop()
    declared.application, declared.orders = Application("shop", [service]), queue
    with host_of(declared, clock=clock) as host:
        host.client.enqueue(queue, "deep")
        host.client.enqueue(queue, "plain")
        for _ in range(10):
            host.step()
            clock.advance(timedelta(minutes=20))

        (letter,) = host.dead_letters.letters()
        assert "plain" in seen
        assert (letter.edge, "ValueError" in letter.reason) == (EDGE, True)
        assert list_leases(host) == ()


def test_what_the_core_fails_on_again_after_a_redrive_is_not_lost(clock):
    """Its letter tells the generation, so that the next redrive is no copy of an earlier one."""
    deep: Any = 1
    for _ in range(250):
        deep = [deep]
    results = iter((deep, deep, deep, "shallow"))
    service = ServiceBuilder("Shop")
    queue: Queue[str, Any] = service.queue("shop.orders", str, "Orders", result=Any, tracking="full", max_attempts=1)

    @queue.worker()
    def work(ctx: Context, order: str) -> Any:
        return next(results)

    declared = shop()
    declared.application, declared.orders = Application("shop", [service]), queue
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(queue, "an order")
        generations = []
        for _ in range(3):
            host.step()
            (letter,) = host.dead_letters.letters()
            generations.append(letter.generation)
            redrive_letter(host, letter)
        host.step()

        assert generations == [0, 1, 2]
        assert host.dead_letters.letters() == ()
        assert show_job(host, "shop.orders", job_id).result == "shallow"


def test_an_error_that_names_an_undecodable_file_is_told_and_kept(clock):
    """Its text has halves of surrogate pairs, which no message can carry: they are spelled out."""
    service = ServiceBuilder("Shop")
    results = ResultEvents(str, failed="shop.failed")
    queue = service.queue("shop.orders", str, "Orders", result=results, tracking="full", max_attempts=1)
    reasons: list[str | None] = []

    @queue.worker()
    def work(ctx: Context, order: str) -> str:
        raise OSError(f"cannot open {os.fsdecode(order.encode('latin-1'))}")

    @service.subscribe(queue.failed, "hear")
    def hear(ctx: Context, result: QueueResult[str]) -> None:
        reasons.append(result.reason)

    declared = shop()
    declared.application, declared.orders = Application("shop", [service]), queue
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(queue, "caf\u00e9")
        host.step()

        expected = r"OSError: cannot open caf\udce9 (attempt 1 of 1)"
        assert reasons == [expected]
        assert [letter.reason for letter in host.dead_letters.letters()] == [expected]
        assert show_job(host, "shop.orders", job_id).status == "dead-lettered"


def test_a_mapping_of_a_binding_may_take_its_time_outside_of_any_transaction(tmp_path, clock):
    """Code of the user never runs while the file is locked: another connection can write meanwhile."""
    declared = shop(str)
    service = ServiceBuilder("Other")
    happened = service.event("other.happened", str, "It happened")
    queue: Queue[str, None] = service.queue("other.jobs", str, "Jobs")
    with host_of(declared, tmp_path / "a.db", clock) as other:

        def map_payload(payload: str) -> str:
            other.store.send(EDGE, payload, b"{}")
            return payload

        service.bind_event_to_queue(happened, queue, map_payload=map_payload)
        queue.worker(name="work")(lambda ctx, payload: None)
        declared.application = Application("other", [service])
        with host_of(declared, tmp_path / "a.db", clock) as host:
            host.client.emit(happened, "written meanwhile")
            host.step()

            assert host.store.next_due(EDGE) == clock.now()
            assert host.dead_letters.letters() == ()


def test_a_turn_that_finds_the_file_locked_keeps_what_it_wanted_to_settle(tmp_path, clock):
    """The outcomes wait in memory and are settled when the file is free; the handlers do not run twice."""
    declared = shop(str)
    with host_of(declared, tmp_path / "a.db", clock) as host, host_of(declared, tmp_path / "a.db", clock) as other:
        host.store.patience = 0
        host.client.enqueue(declared.orders, "an order")
        runner = InlineRunner()
        dispatcher = Dispatcher(host.store, Intake(host.store, channels_of(host.assembly)), host.ports, runner)
        runner.end = dispatcher.end
        dispatcher.turn()
        with other.store.transaction():
            at = dispatcher.turn()
        assert at > clock.now()
        assert list_leases(host) != ()

        clock.advance(timedelta(seconds=1))
        while dispatcher.turn() <= clock.now():
            pass
        assert list_leases(host) == ()
        assert [kind for kind, _ in declared.seen] == ["order", "told"]


def test_a_port_that_cannot_be_reached_gives_the_message_back_to_rest(clock):
    """What is unavailable is no attempt, and others go on."""
    declared = shop(str)
    with host_of(declared, clock=clock) as host:
        calls: list[str] = []

        class Closed:
            """An event port that is out of reach at first."""

            def publish(self, message: Any) -> None:
                """Refuse the first call."""
                calls.append(message.event_name)
                if len(calls) == 1:
                    raise Unavailable("not now")

        host.ports.events = Closed()
        host.client.enqueue(declared.orders, "an order")
        host.step()
        clock.advance(timedelta(minutes=1))
        host.step()

        assert calls == ["shop.sold", "shop.sold"]
        assert host.dead_letters.letters() == ()


def test_a_commit_that_breaks_off_lets_go_of_everything_that_it_was_settling(clock):
    """No handler that has ended counts as running: it takes no room, and a stop does not wait for it."""
    declared = shop(str)

    class Broken(Delivery):
        """A delivery that can neither be settled nor given back at first."""

        __slots__ = ()

        def acknowledge(self) -> None:
            """Refuse while broken."""
            refuse()
            super().acknowledge()

        def redeliver(self, delay: int, *, counted: bool) -> None:
            """Refuse while broken."""
            refuse()
            super().redeliver(delay, counted=counted)

    class BrokenIntake(Intake):
        """An intake of broken deliveries."""

        def delivery(self, leased: Any) -> Delivery:
            """Give a broken delivery."""
            return Broken(self.store, leased)

    class WideRunner(InlineRunner):
        """A runner with room for many."""

        def room(self, *, is_async: bool) -> int:
            """Say that there is room for ten more."""
            return 10

    is_broken = True

    def refuse() -> None:
        if is_broken:
            raise Unavailable("not now")

    with host_of(declared, clock=clock) as host:
        for number in range(3):
            host.client.enqueue(declared.orders, f"order {number}")
        runner = WideRunner()
        dispatcher = Dispatcher(host.store, BrokenIntake(host.store, channels_of(host.assembly)), host.ports, runner)
        runner.end = dispatcher.end
        dispatcher.turn()
        assert len(dispatcher.flights) == 3
        dispatcher.turn()
        assert not dispatcher.flights

        is_broken = False
        clock.advance(timedelta(hours=1))
        while dispatcher.turn() <= clock.now():
            pass
        assert not dispatcher.flights
        assert list_leases(host) == ()
        assert {told for kind, told in declared.seen if kind == "order"} == {"order 0", "order 1", "order 2"}


def test_one_edge_does_not_starve_the_others(clock):
    """Whoever has much waiting takes turns with whoever has little."""
    declared = shop(str)
    with host_of(declared, clock=clock) as host:
        for number in range(50):
            host.client.enqueue(declared.orders, f"order {number}")
        host.client.emit(declared.sold, "told early")
        host.step()

        assert declared.seen.index(("told", "told early")) < 5
