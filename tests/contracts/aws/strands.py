"""Code that waits in virtual time wherever it likes: a thread per invocation, of which one runs at a time.

A function on Lambda is called and returns; what it waits for in between passes inside that call. So that several of
them can wait side by side on one clock, each runs in a thread that goes on only while whoever resumed it stands still.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Semaphore, Thread
from typing import Any, TypeVar, TypeVarTuple

from purista_serverless.runtime.loop import use_loop
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.faults import Crash
from purista_serverless.testing.loop import VirtualLoop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Running:
    """The strand that runs now; none where the test itself does, or the clock."""

    strand: "Strand | None" = None


class Strand:
    """Work that runs in a thread of its own while ``resume`` waits for it to pause or to end.

    Args:
        clock: The time.
        work: What it does; an error of it is raised by the ``resume`` during which it happens.
    """

    def __init__(self, clock: VirtualClock, work: Callable[[], object]) -> None:
        self.clock = clock
        self.is_done = False
        self._work = work
        self._error: BaseException | None = None
        self._killed = False
        self._followers: list[Callable[[], object]] = []
        self._may_go, self._has_stopped = Semaphore(0), Semaphore(0)
        self._own_loop = StrandLoop(clock, self)  # type: ignore[abstract]
        self._process_loop: asyncio.AbstractEventLoop | None = self._own_loop
        self._thread = Thread(target=self._run, daemon=True)

    def resume(self) -> None:
        """Let it go on until it pauses or ends; where it has ended, do nothing."""
        if self.is_done:
            return
        outer_strand, Running.strand = Running.strand, self
        outer_loop = use_loop(self._process_loop)
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._may_go.release()
        self._has_stopped.acquire()
        self._process_loop = use_loop(outer_loop)
        Running.strand = outer_strand
        if self.is_done:
            self._end()

    def pause(self) -> None:
        """Stand still, from inside, until somebody resumes it.

        Raises:
            Crash: It was killed meanwhile.
        """
        self._has_stopped.release()
        self._may_go.acquire()
        if self._killed:
            raise Crash("the process was killed")

    def stay(self, duration: int) -> None:
        """Stand still, from inside, for a duration in milliseconds."""
        timer = self.clock.call_later(duration, self.resume)
        try:
            self.pause()
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End it where it stands, once it has begun."""
        if self.is_done:
            return
        self._killed = True
        self._own_loop.cancel_all()
        self.resume()

    def then(self, follow: Callable[[], object]) -> None:
        """Have something called when it has ended; at once, if it has."""
        if self.is_done:
            follow()
        else:
            self._followers.append(follow)

    def _run(self) -> None:
        try:
            self._work()
        except Crash:
            self._own_loop.cancel_all()
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            self._error = error
        self.is_done = True
        self._has_stopped.release()

    def _end(self) -> None:
        self._thread.join()
        for follow in self._followers:
            follow()
        if self._error is not None:
            raise self._error


class StrandLoop(VirtualLoop):
    """The event loop of one strand: its tasks run by the clock, and the strand stands still until they are done."""

    def __init__(self, clock: VirtualClock, strand: Strand) -> None:
        super().__init__(clock)
        self._strand = strand
        self._tasks: list[asyncio.Task[Any]] = []

    def create_task(self, coro: Any, **options: Any) -> "asyncio.Task[Any]":
        """Start a coroutine as a task of this loop, which ends with the strand's life."""
        task = super().create_task(coro, **options)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)
        return task

    def run_until_complete(self, future: Any) -> Any:
        """Stand still until a coroutine is done, and give its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(lambda _: self._clock.call_later(0, self._strand.resume))
        while not task.done():
            self._strand.pause()
        return task.result()

    def run_in_executor(
        self, executor: "Executor | None", func: "Callable[[*Ts], T]", *args: *Ts
    ) -> "asyncio.Future[T]":
        """Call something that may wait beside the loop, as a thread does."""
        future: asyncio.Future[T] = self.create_future()
        call = Strand(self._clock, lambda: settle(future, func, *args))
        call.resume()
        return future

    def cancel_all(self) -> None:
        """Cancel whatever has not ended."""
        for task in tuple(self._tasks):
            task.cancel()

    def _run_ready(self) -> None:
        with self.lent():
            super()._run_ready()


def settle(future: "asyncio.Future[T]", func: "Callable[[*Ts], T]", *args: *Ts) -> None:
    """Call something and give its end to a future."""
    try:
        result = func(*args)
    except BaseException as error:  # noqa: BLE001 - whoever awaits the future is told, of a crash as well
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(result)


def wait_for(clock: VirtualClock, strand: Strand) -> None:
    """Let a strand come to its end: the one that runs stands still meanwhile, and without one the clock is driven.

    Raises:
        RuntimeError: It waits for something that never happens.
    """
    waiting = Running.strand
    strand.resume()
    if waiting is None:
        while not strand.is_done:
            if not clock.run_next():
                raise RuntimeError("an invocation waits for something that nobody does")
    elif not strand.is_done:
        strand.then(lambda: clock.call_later(0, waiting.resume))
        waiting.pause()
