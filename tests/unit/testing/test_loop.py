"""The virtual event loop: asyncio as usual, in no time."""

import asyncio

import pytest

from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.loop import virtual_loop


@pytest.fixture
def clock():
    """Give a clock at zero."""
    return VirtualClock(0)


@pytest.fixture
def loop(clock):
    """Give a loop that runs by the clock."""
    return virtual_loop(clock)


async def nap(ctx, seconds):
    """Sleep as a handler does, and write down when that was over."""
    await asyncio.sleep(seconds)
    ctx.append(asyncio.get_running_loop().time())
    return seconds


def test_sleep_takes_virtual_time_only(loop, clock):
    """Sleeping an hour moves the clock by an hour, at once."""
    assert loop.run_until_complete(nap([], 3600)) == 3600
    assert clock.now() == 3_600_000


def test_tasks_sleep_side_by_side(loop, clock):
    """Concurrent sleepers wake in the order of their times."""
    log: list[float] = []

    async def both():
        await asyncio.gather(nap(log, 20), nap(log, 10))

    loop.run_until_complete(both())

    assert log == [10.0, 20.0]
    assert clock.now() == 20_000


def test_timeouts_and_groups_and_queues_work(loop, clock):
    """What asyncio builds on tasks and timers works as it does everywhere."""

    async def story():
        queue: asyncio.Queue[str] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.put("a"))
            first = await queue.get()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await queue.get()
        return first, await asyncio.to_thread(lambda: 3)

    assert loop.run_until_complete(story()) == ("a", 3)
    assert clock.now() == 5_000


def test_a_call_in_a_thread_that_fails_tells_who_awaits_it(loop):
    """There are no threads, and errors come all the same."""

    async def story():
        await asyncio.to_thread(int, "x")

    with pytest.raises(ValueError, match="invalid literal"):
        loop.run_until_complete(story())


def test_waiting_for_nobody_is_an_error(loop):
    """A coroutine that waits for what never happens does not hang the test."""

    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nobody does"):
        loop.run_until_complete(wait())


def test_a_cancelled_call_is_not_made(loop, clock):
    """A timer that was cancelled passes in silence."""
    handle = loop.call_later(1, pytest.fail)
    handle.cancel()
    loop.call_soon_threadsafe(pytest.fail).cancel()

    clock.advance(10_000)


def test_an_error_that_nobody_caught_fails_the_test(loop):
    """What a loop would log, this one raises."""
    with pytest.raises(RuntimeError, match="in a callback"):
        loop.call_exception_handler({"message": "in a callback", "exception": ValueError()})
    loop.call_exception_handler({"message": "a task was left unfinished"})


def test_the_loop_is_open_and_rests_between_callbacks(loop):
    """It runs while a callback runs, and has nothing to close."""
    seen = []
    loop.call_soon(lambda: seen.append((loop.is_running(), asyncio.get_running_loop() is loop)))

    loop.run_until_complete(nap([], 0))

    assert seen == [(True, True)]
    assert not loop.is_running()
    assert not loop.is_closed()
    assert not loop.get_debug()
