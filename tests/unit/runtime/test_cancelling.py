"""Cancellations inside async handlers: those of the host pass, all others are failures of the handler."""

import asyncio
from typing import Any

import pytest

from purista_serverless import ServiceBuilder
from purista_serverless.message import Failed, Job
from purista_serverless.runtime.dispatch import adispatch
from purista_serverless.runtime.function import Function
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import ports

shop: Any = ServiceBuilder("Shop", version="1", description="Waits")
waiting = shop.queue("shop.waiting", None, "Wait")
resting = shop.queue("shop.resting", None, "Rest")


@waiting.worker()
async def wait(ctx, job: None) -> None:
    """Wait for what somebody else has given up."""
    other = asyncio.get_running_loop().create_future()
    other.cancel()
    await other


@resting.worker()
async def rest(ctx, job: None) -> None:
    """Wait for ever."""
    await asyncio.get_running_loop().create_future()


def dispatched(worker: Any) -> Any:
    """Give the coroutine of a worker's run."""
    job = Job(id="j", queue="shop.waiting", payload=None, created_at=0)
    return adispatch(Function(worker.__purista__), job, ports(VirtualClock(0)))


def test_what_others_cancel_is_a_failure_of_the_handler():
    """The run ends as any other failure, with the cancellation as its cause."""
    outcome = asyncio.run(dispatched(wait))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error.__cause__, asyncio.CancelledError)


def test_the_same_without_a_loop():
    """A host that drives the coroutine by hand is told as well."""

    @waiting.worker(name="giveUp")
    async def give_up(ctx, job: None) -> None:
        """Be cancelled at once."""
        raise asyncio.CancelledError

    with pytest.raises(StopIteration) as stop:
        dispatched(give_up).send(None)
    assert isinstance(stop.value.value, Failed)


def test_what_the_host_cancels_is_cancelled():
    """Nobody waits for an outcome then."""

    async def stop() -> None:
        task = asyncio.ensure_future(dispatched(rest))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop())
