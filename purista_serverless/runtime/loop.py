"""The one event loop of the process, for async handlers. Loaded only when there is one."""

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class _Owner:
    """The loop and the process that it belongs to: a forked child must not run its parent's."""

    __slots__ = ("lock", "loop", "process")

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.process = 0
        self.lock = threading.RLock()


_owner = _Owner()


def use_loop(loop: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop | None:
    """Make a loop the process' loop (a server's own, or one whose time is virtual) and give the one it replaces.

    ``None`` means that the next async handler makes a new one.
    """
    replaced = _owner.loop if _owner.process == os.getpid() else None
    _owner.loop, _owner.process = loop, os.getpid()
    return replaced


def current_loop() -> asyncio.AbstractEventLoop:
    """Give the process' loop, made on first use and never closed between messages."""
    if _owner.loop is None or _owner.process != os.getpid() or _owner.loop.is_closed():
        use_loop(asyncio.new_event_loop())
    loop = _owner.loop
    if loop is None:
        problem = "the event loop went away while it was asked for"
        raise RuntimeError(problem)
    return loop


def run(coroutine: "Coroutine[Any, Any, T]") -> T:
    """Run a coroutine to its end, from sync code.

    On a thread other than the one that runs the loop the coroutine is handed over and waited for.

    Raises:
        DeclarationError: The caller is itself running on the loop and would wait for itself.
    """
    loop = current_loop()
    if not loop.is_running():
        with _owner.lock:
            return loop.run_until_complete(coroutine)
    if _runs_here(loop):
        coroutine.close()
        problem = "an async handler must not wait for another one synchronously; write `await ctx.ainvoke(...)`"
        raise DeclarationError(problem)
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
