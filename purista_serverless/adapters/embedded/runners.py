"""What runs handlers: this thread, or threads for ``def`` and the process' event loop for ``async def``."""

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from purista_serverless.message import Failed, Outcome, Retry
from purista_serverless.runtime.consume import Interrupted
from purista_serverless.runtime.loop import current_loop, use_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.adapters.embedded.dispatcher import Flight

    End = Callable[[Flight, Outcome | Interrupted | None], None]


class InlineRunner:
    """Run each handler at once, in this thread."""

    def __init__(self) -> None:
        self.end: End

    def room(self, *, is_async: bool) -> int:
        """Say that one handler may start: it ends before anything else happens."""
        return 1

    def start(self, flight: "Flight") -> None:
        """Run a handler to its end."""
        self.end(flight, flight.work())


class LoopThread:
    """The thread that runs the process' event loop, as long as somebody needs it and no server runs it already.

    Args:
        patience: How long a loop may take to stop, in seconds; one that a handler blocks is left to it then.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._users = 0
        self._thread: threading.Thread | None = None

    def acquire(self) -> asyncio.AbstractEventLoop:
        """Give the process' loop, running."""
        with self._lock:
            self._users += 1
            loop = current_loop()
            if not loop.is_running():
                is_running = threading.Event()
                loop.call_soon(is_running.set)
                self._thread = _start_thread("purista-loop", loop.run_forever)
                # Until it runs, a sync handler that waits for an async command might begin to run it itself.
                is_running.wait()
            return loop

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Need it no more."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._thread is not None:
                loop.call_soon_threadsafe(loop.stop)
                self._thread.join(self._patience)
                if self._thread.is_alive():
                    # An `async def` that does not await holds it, maybe for ever; who comes next needs another loop.
                    use_loop(None)
                self._thread = None


_loop_thread = LoopThread()


class PooledRunner:
    """Run ``def`` handlers in threads, and ``async def`` ones on the process' event loop.

    Threads are started when they are needed and are daemons: a handler that ignores its cancellation does not keep the
    process alive. The loop runs in a thread of its own, unless a server runs it already.

    Args:
        concurrency: How many handlers of a kind run at a time.
        end: Told when a flight has ended, from any thread.
    """

    def __init__(self, concurrency: int, end: "End") -> None:
        self._concurrency = concurrency
        self._end = end
        self._running = {False: 0, True: 0}
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[Flight | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._tasks: dict[Flight, asyncio.Task[Outcome]] = {}
        self._loop = _loop_thread.acquire()
        self.is_stopping = False

    def room(self, *, is_async: bool) -> int:
        """Say how many more handlers of a kind may start now."""
        return self._concurrency - self._running[is_async]

    def start(self, flight: "Flight") -> None:
        """Start a handler."""
        with self._lock:
            self._running[flight.channel.is_async] += 1
        if flight.channel.is_async:
            self._loop.call_soon_threadsafe(self._begin_task, flight)
            return
        if len(self._threads) < self._running[False]:
            self._threads.append(_start_thread("purista-worker", self._work))
        self._waiting.put(flight)

    def cancel(self) -> None:
        """Ask every handler to stop: async ones are cancelled."""
        self.is_stopping = True
        self._loop.call_soon_threadsafe(self._cancel_tasks)

    def close(self) -> None:
        """Let the threads end that have nothing to do."""
        for _ in self._threads:
            self._waiting.put(None)
        _loop_thread.release(self._loop)

    def _work(self) -> None:
        while (flight := self._waiting.get()) is not None:
            self._finish(flight, flight.work())

    def _finish(self, flight: "Flight", outcome: "Outcome | Interrupted | None") -> None:
        with self._lock:
            self._running[flight.channel.is_async] -= 1
        if self.is_stopping and isinstance(outcome, Failed | Retry):
            # It was asked to stop and did: that is no failure, and another process goes on with it.
            outcome = Interrupted()
        self._end(flight, outcome)

    def _begin_task(self, flight: "Flight") -> None:
        if flight.attempt is None:
            raise RuntimeError("an async flight has no attempt")
        task = asyncio.get_running_loop().create_task(flight.attempt.arun())
        self._tasks[flight] = task
        task.add_done_callback(lambda ended: self._end_task(flight, ended))

    def _end_task(self, flight: "Flight", task: "asyncio.Task[Outcome]") -> None:
        del self._tasks[flight]
        if task.cancelled():
            self._finish(flight, Interrupted() if self.is_stopping else Failed(asyncio.CancelledError()))
            return
        error = task.exception()
        self._finish(flight, task.result() if error is None else Failed(error))

    def _cancel_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()


def _start_thread(name: str, target: "Callable[[], None]") -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
