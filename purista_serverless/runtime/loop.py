"""The one event loop of the process, for async handlers. Loaded only when there is one."""

import asyncio
import atexit
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from concurrent.futures import Future

T = TypeVar("T")


class _Owner:
    """The loop and the process that it belongs to: a forked child must not run its parent's.

    ``driven`` is the loop that a thread runs until its own coroutine is done; ``turn`` guards it, and tells the
    threads that wait when a coroutine is done.
    """

    __slots__ = ("driven", "loop", "process", "turn")

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.process = 0
        self.driven: asyncio.AbstractEventLoop | None = None
        self.turn = threading.Condition()


_owner = _Owner()


def use_loop(loop: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop | None:
    """Make a loop the process' loop (a server's own, or one whose time is virtual) and give the one it replaces.

    ``None`` means that the next async handler makes a new one.
    """
    replaced = _owner.loop if _owner.process == os.getpid() else None
    if _owner.process != os.getpid():
        # A fork may have happened while another thread of the parent drove the loop.
        _owner.turn, _owner.driven = threading.Condition(), None
    _owner.loop, _owner.process = loop, os.getpid()
    return replaced


def current_loop() -> asyncio.AbstractEventLoop:
    """Give the process' loop, made on first use and never closed between messages."""
    if _owner.loop is None or _owner.process != os.getpid() or _owner.loop.is_closed():
        made = asyncio.new_event_loop()
        atexit.register(_close, made)
        use_loop(made)
    loop = _owner.loop
    if loop is None:
        problem = "the event loop went away while it was asked for"
        raise RuntimeError(problem)
    return loop


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop of ours at the end of the process; one that a thread still runs goes down with it."""
    if not loop.is_running():
        loop.close()


def run(coroutine: "Coroutine[Any, Any, T]") -> T:
    """Run a coroutine to its end, from sync code.

    Where another thread runs the loop already, the coroutine is handed over and waited for; when that thread is done
    first, this one runs the loop on.

    Raises:
        DeclarationError: The caller is itself running on the loop and would wait for itself.
    """
    loop = current_loop()
    if _runs_here(loop):
        coroutine.close()
        problem = (
            "this code runs on the event loop and would wait for itself; await instead: `await ctx.ainvoke(...)` in a "
            "handler, `await client.ainvoke(...)` elsewhere"
        )
        raise DeclarationError(problem)
    if _take_turn(loop):
        return _drive(loop, coroutine)
    handed = asyncio.run_coroutine_threadsafe(coroutine, loop)
    handed.add_done_callback(_tell_waiting)
    if _wait_for_turn(loop, handed):
        _drive(loop, _ended(handed))
    return handed.result()


def _take_turn(loop: asyncio.AbstractEventLoop) -> bool:
    with _owner.turn:
        if _is_run(loop):
            return False
        _owner.driven = loop
        return True


def _drive(loop: asyncio.AbstractEventLoop, coroutine: "Coroutine[Any, Any, T]") -> T:
    try:
        return loop.run_until_complete(coroutine)
    finally:
        with _owner.turn:
            _owner.driven = None
            _owner.turn.notify_all()


def _wait_for_turn(loop: asyncio.AbstractEventLoop, handed: "Future[Any]") -> bool:
    """Wait until a handed-over coroutine is done, or nobody runs the loop any more: then it is this thread's turn."""
    with _owner.turn:
        _owner.turn.wait_for(lambda: handed.done() or not _is_run(loop))
        if handed.done():
            return False
        _owner.driven = loop
        return True


async def _ended(handed: "Future[Any]") -> None:
    await asyncio.wait([asyncio.wrap_future(handed)])


def _tell_waiting(_: "Future[Any]") -> None:
    with _owner.turn:
        _owner.turn.notify_all()


def _is_run(loop: asyncio.AbstractEventLoop) -> bool:
    return _owner.driven is loop or loop.is_running()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def time_limit(duration: int) -> asyncio.Timeout:
    """Give an async context manager that cancels what runs in it after ``duration`` milliseconds."""
    return asyncio.timeout(duration / 1000)


async def together(coroutines: "Iterable[Coroutine[Any, Any, None]]") -> None:
    """Run coroutines at the same time, started in their order, until all are done."""
    await asyncio.gather(*coroutines)
