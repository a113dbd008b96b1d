"""The one event loop of the process."""

import asyncio
import threading

import pytest

from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.loop import current_loop, run, use_loop
from tests.cold.interpreter import modules_after


@pytest.fixture(autouse=True)
def own_loop():
    """Give each test a loop of its own, and the process its former one back."""
    loop = asyncio.new_event_loop()
    former = use_loop(loop)
    yield loop
    use_loop(former)
    loop.close()


async def running_loop() -> asyncio.AbstractEventLoop:
    """Give the loop that runs this."""
    return asyncio.get_running_loop()


def test_every_coroutine_runs_on_the_same_loop(own_loop):
    """The loop is not closed between messages: clients that were made on it stay usable."""
    assert run(running_loop()) is run(running_loop()) is own_loop is current_loop()


def test_an_error_comes_out():
    """What a coroutine raises is raised by the caller's side, and the loop goes on."""

    async def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        run(fail())
    assert run(running_loop()) is current_loop()


def test_a_closed_loop_is_replaced(own_loop):
    """Somebody closed the loop: the next coroutine gets a new one."""
    own_loop.close()
    replacement = run(running_loop())

    assert replacement is not own_loop
    replacement.close()


def test_waiting_for_oneself_is_refused():
    """A handler that runs on the loop cannot wait for another one there; the error says what to write instead."""

    async def outer() -> None:
        run(running_loop())

    with pytest.raises(DeclarationError, match=r"await ctx\.ainvoke"):
        run(outer())


def test_a_thread_hands_its_coroutine_over_to_a_running_loop():
    """While a server runs the loop, other threads have their coroutines run there."""

    async def serve() -> asyncio.AbstractEventLoop:
        return await asyncio.to_thread(run, running_loop())

    loop = current_loop()

    assert loop.run_until_complete(serve()) is loop


def test_a_coroutine_outlives_the_one_whose_thread_ran_the_loop():
    """The thread that runs the loop is done first: the waiting one runs it on instead of waiting for ever."""
    found: list[str] = []
    started = threading.Event()
    handed_over = asyncio.Event()

    async def first() -> None:
        started.set()
        await handed_over.wait()

    runner = threading.Thread(target=lambda: run(first()), daemon=True)

    async def second() -> None:
        handed_over.set()
        await asyncio.to_thread(runner.join)
        found.append("done")

    runner.start()
    assert started.wait(10)
    follower = threading.Thread(target=lambda: run(second()), daemon=True)
    follower.start()
    follower.join(10)

    assert found == ["done"]


def test_many_threads_share_the_loop():
    """Whoever comes first runs the loop for all, and each gets its own result."""
    results: dict[int, int] = {}

    async def double(number: int) -> int:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        return 2 * number

    def work(number: int) -> None:
        results[number] = run(double(number))

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert results == {number: 2 * number for number in range(50)}


def test_a_forked_process_has_a_loop_of_its_own():
    """A child does not run its parent's loop."""
    program = """
import os
from purista_serverless.runtime.loop import current_loop
mine = current_loop()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.write(writing, b"same" if current_loop() is mine else b"own")
    os._exit(0)
os.waitpid(child, 0)
assert os.read(reading, 9) == b"own"
assert current_loop() is mine
mine.close()
"""
    assert "purista_serverless.runtime.loop" in modules_after(program)
