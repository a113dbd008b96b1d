"""Runs that are looked after: leases that are extended, limits that are kept, and stops that are no failures."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from purista_serverless.adapters.gcp.worker.delivery import PulledDelivery, pulled
from purista_serverless.adapters.gcp.worker.runs import Runs
from purista_serverless.message import Failed, Retry, Success
from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.consume import Interrupted

SOON = 20
"""Milliseconds."""


class Attempt:
    """An attempt whose handler is a function of the test."""

    def __init__(
        self,
        handler: Callable[["Attempt"], Any],
        *,
        heartbeat: int | None = None,
        max_runtime: int | None = None,
        beats: int = 10**6,
        lease_until: int | None = None,
    ) -> None:
        self.handler = handler
        self.function = SimpleNamespace(is_async=inspect.iscoroutinefunction(handler))
        self.heartbeat_interval = heartbeat
        self.max_runtime = max_runtime
        self.delivery = SimpleNamespace(lease_until=lease_until)
        self.began, self.beaten, self.cancelled = threading.Event(), threading.Event(), threading.Event()
        self._beats = beats

    def run(self) -> Any:
        """Run a def handler."""
        self.began.set()
        return self.handler(self)

    async def arun(self) -> Any:
        """Run an async def handler."""
        self.began.set()
        return await self.handler(self)

    def heartbeat(self) -> bool:
        """Extend the leases, as often as there are beats left."""
        self.beaten.set()
        self._beats -= 1
        return self._beats >= 0

    def cancel(self) -> None:
        """Note that it was asked to stop."""
        self.cancelled.set()


@pytest.fixture
def runs() -> Iterator[Runs]:
    """Give runs that are looked after."""
    made = Runs(SystemClock())
    yield made
    made.close()


def attempt_of(*arguments: Any, **options: Any) -> Any:
    """Give an attempt, whatever type the runs want."""
    return Attempt(*arguments, **options)


def running(runs: Runs, attempt: Any) -> tuple[threading.Thread, list[Any]]:
    """Run an attempt in a thread of its own, as the client does; what it gives is in the list at its end."""
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(runs.run(attempt)))
    thread.start()
    attempt.began.wait()
    return thread, outcomes


def test_leases_are_extended_while_a_run_lasts(runs):
    """Beats go on until the handler ends, without being asked for by it."""
    done = Success(None)
    outcome: Any = runs.run(attempt_of(lambda attempt: attempt.beaten.wait() and done, heartbeat=SOON))

    assert outcome is done


def test_a_run_that_takes_too_long_is_asked_to_stop(runs):
    """At its `max_runtime` the handler is told; what it answers then is its own outcome."""
    outcome: Any = runs.run(
        attempt_of(lambda attempt: attempt.cancelled.wait() and Retry(None, "later"), max_runtime=SOON)
    )

    assert isinstance(outcome, Retry)


def test_a_lease_that_cannot_be_extended_is_used_up(runs):
    """The handler may go on until the lease ends, and is asked to stop then."""
    end = SystemClock().now() + 3 * SOON
    attempt = attempt_of(
        lambda attempt: attempt.cancelled.wait() and Success(b"%d" % SystemClock().now()),
        heartbeat=SOON,
        beats=0,
        lease_until=end,
    )

    outcome: Any = runs.run(attempt)
    assert int(outcome.value) >= end


@pytest.mark.parametrize("answer", [Failed(ValueError("no")), Retry(None, "")], ids=["fails", "wants to come again"])
def test_what_stops_when_it_is_told_to_is_interrupted(runs, answer):
    """It gave up because it was told to: that is no failure of it."""
    thread, outcomes = running(runs, Attempt(lambda attempt: attempt.cancelled.wait() and answer))
    runs.interrupt()
    thread.join()

    assert isinstance(outcomes[0], Interrupted)


def test_what_succeeds_in_spite_of_the_stop_has_succeeded(runs):
    """A handler may finish what it does."""
    done = Success(None)
    thread, outcomes = running(runs, Attempt(lambda attempt: attempt.cancelled.wait() and done))
    runs.interrupt()
    thread.join()

    assert outcomes == [done]


def test_an_async_run_is_cancelled(runs):
    """On the event loop a handler is told to stop by being cancelled."""

    async def wait(_):
        await asyncio.get_running_loop().create_future()

    thread, outcomes = running(runs, Attempt(wait))
    runs.interrupt()
    thread.join()

    assert isinstance(outcomes[0], Interrupted)


def test_a_handler_that_ends_its_thread_has_failed(runs):
    """`sys.exit` in a handler ends neither the process nor the settling of its message."""

    def leave(_):
        raise SystemExit(3)

    outcome: Any = runs.run(Attempt(leave))
    assert isinstance(outcome.error, SystemExit)


def test_a_pulled_message_is_what_a_push_of_it_would_be():
    """Id, data, attributes, key and count are those of Pub/Sub; without a dead letter nothing is counted."""
    message = SimpleNamespace(
        message_id="7",
        data=b"{}",
        attributes={"receives": "2"},
        publish_time=datetime(2027, 1, 1, 1, tzinfo=UTC),
        ordering_key="k",
        delivery_attempt=None,
    )
    found = pulled(message, "projects/p/subscriptions/s")

    assert (found.id, found.data, found.ordering_key, found.attempt, found.receives) == ("7", b"{}", "k", 0, 3)
    assert found.sent == 1_798_765_200_000


def test_a_pulled_message_is_ours_until_the_client_lets_go_of_it():
    """An extension is granted while the client extends the lease by itself, and not after that."""
    times = iter((10, 20))
    pushed: Any = SimpleNamespace(id="1", receives=1)
    delivery = PulledDelivery(pushed, "queue:a", 20, SimpleNamespace(now=lambda: next(times)))

    assert [delivery.extend(1_000), delivery.extend(1_000)] == [True, False]
