"""An event loop whose time is virtual: ``asyncio.sleep`` in a handler takes no time at all, and exactly as long.

It knows tasks, futures, timers and what is built on them (locks, queues, timeouts, task groups). It has no sockets,
subprocesses or threads: a handler under simulation reaches the world through its context and its resources.
"""

import asyncio
import contextvars
from collections import deque
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from purista_serverless.runtime.loop import use_loop
from purista_serverless.testing.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator
    from concurrent.futures import Executor

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class VirtualLoop(asyncio.AbstractEventLoop):
    """Run tasks by the timers of a virtual clock.

    Args:
        clock: The time; callbacks of the loop are timers of this clock.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._ready: deque[tuple[asyncio.Handle, contextvars.Context, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._running = False
        self._armed = False

    @contextmanager
    def lent(self) -> "Iterator[None]":
        """Be the process' loop for a while: async functions that sync code waits for run on it."""
        outer = use_loop(self)
        try:
            yield
        finally:
            use_loop(outer)

    def time(self) -> float:
        """Give the seconds since the epoch."""
        return self._clock.now() / 1000

    def is_running(self) -> bool:
        """Say whether a callback runs."""
        return self._running

    def is_closed(self) -> bool:
        """Say that the loop is open; it holds nothing that could be closed."""
        return False

    def get_debug(self) -> bool:
        """Say that the debug mode is off."""
        return False

    def call_soon(
        self, callback: "Callable[[*Ts], object]", *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Have something called as soon as the clock is driven."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._enlist(handle, context, callback, args)
        return handle

    def call_soon_threadsafe(
        self, callback: "Callable[[*Ts], object]", *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Do the same; there are no threads here."""
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: "Callable[[*Ts], object]", *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Have something called after a delay in seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: "Callable[[*Ts], object]", *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Have something called at a time in seconds."""
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        # Rounded up: a timer must not fire before its time.
        self._clock.call_at(ceil(when * 1000), lambda: self._enlist(handle, context, callback, args))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled call is passed over when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        """Make a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: "Coroutine[Any, Any, T] | Generator[Any, None, T]",
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
        **options: Any,
    ) -> "asyncio.Task[T]":
        """Start a coroutine as a task of this loop."""
        return asyncio.Task(coro, loop=self, name=name, context=context, **options)

    def run_in_executor(
        self, executor: "Executor | None", func: "Callable[[*Ts], T]", *args: *Ts
    ) -> "asyncio.Future[T]":
        """Call something now, since there are no threads here, and give its result."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits the future is told
            future.set_exception(error)
        return future

    def run_until_complete(self, future: "Any") -> Any:
        """Drive the clock until a coroutine is done, and give its result.

        Raises:
            RuntimeError: It waits for something that never happens.
        """
        task = asyncio.ensure_future(future, loop=self)
        while not task.done():
            if not self._clock.run_next():
                raise RuntimeError("the coroutine waits for something that nobody does")
        return task.result()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Raise what no task has caught, so that a test fails; tasks may be left unfinished."""
        error = context.get("exception")
        if error is not None:
            raise RuntimeError(context.get("message", "an error in an event loop")) from error

    def _enlist(
        self,
        handle: asyncio.Handle,
        context: contextvars.Context,
        callback: "Callable[..., Any]",
        args: tuple[Any, ...],
    ) -> None:
        self._ready.append((handle, context, callback, args))
        if not self._armed:
            self._armed = True
            self._clock.call_later(0, self._run_ready)

    def _run_ready(self) -> None:
        outer, self._running = asyncio._get_running_loop(), True  # noqa: SLF001 - asyncio's own hooks for loops
        asyncio._set_running_loop(self)  # noqa: SLF001
        try:
            while self._ready:
                handle, context, callback, args = self._ready.popleft()
                if not handle.cancelled():
                    context.run(callback, *args)
        finally:
            self._armed = self._running = False
            asyncio._set_running_loop(outer)  # noqa: SLF001


def virtual_loop(clock: VirtualClock) -> VirtualLoop:
    """Make a loop that runs by a clock; what it lacks of asyncio's interface, it refuses when called."""
    return VirtualLoop(clock)  # type: ignore[abstract]
