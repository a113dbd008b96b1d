"""Runs of handlers in the threads that ask for them, looked after by another one."""

import asyncio
import threading
from math import inf
from typing import TYPE_CHECKING

from purista_serverless.message import Failed, Outcome, Retry
from purista_serverless.runtime import loop
from purista_serverless.runtime.consume import Interrupted

if TYPE_CHECKING:
    from purista_serverless.runtime.consume import Attempt
    from purista_serverless.runtime.ports import Clock


class Run:
    """One attempt under way.

    Attributes:
        beat_at: When its leases are to be extended, in milliseconds since the epoch.
        cancel_at: When it has run for too long.
    """

    __slots__ = ("_is_interrupted", "_task", "attempt", "beat_at", "cancel_at")

    def __init__(self, attempt: "Attempt", now: int) -> None:
        self.attempt = attempt
        self.beat_at = now + attempt.heartbeat_interval if attempt.heartbeat_interval is not None else inf
        self.cancel_at = now + attempt.max_runtime if attempt.max_runtime is not None else inf
        self._task: asyncio.Task[Outcome] | None = None
        self._is_interrupted = False

    def outcome(self) -> "Outcome | Interrupted":
        """Run the handler to its end in this thread, an async one on the process' loop."""
        try:
            return loop.run(self._arun()) if self.attempt.function.is_async else self.attempt.run()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a handler must not end the thread that settles
            return Failed(error)

    def look_after(self, now: int) -> None:
        """Extend what it leased, and ask it to stop, each when it is time."""
        if self.beat_at <= now:
            self._beat(now)
        if self.cancel_at <= now:
            self.cancel_at = inf
            self.attempt.cancel()

    def interrupt(self) -> None:
        """Ask the handler to stop; an async one is cancelled."""
        self.attempt.cancel()
        self._is_interrupted = True
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def _arun(self) -> "Outcome | Interrupted":
        self._task = asyncio.ensure_future(self.attempt.arun())
        if self._is_interrupted:
            # Before there was anything to cancel.
            self._task.cancel()
        try:
            return await self._task
        except asyncio.CancelledError as error:
            return Failed(error)

    def _beat(self, now: int) -> None:
        attempt = self.attempt
        if attempt.heartbeat_interval is not None and attempt.heartbeat():
            self.beat_at = now + attempt.heartbeat_interval
            return
        # A lease that cannot be extended still lasts until its end, and the handler may use it up.
        self.beat_at = inf
        lease_until = attempt.delivery.lease_until if attempt.delivery is not None else None
        self.cancel_at = min(self.cancel_at, lease_until if lease_until is not None else inf)


class Runs:
    """The runs of a process.

    Args:
        clock: The time.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._open: dict[Run, None] = {}
        self._is_stopping = False
        self._is_closed = False
        self._keeper = threading.Thread(target=self._keep, name="purista-keeper", daemon=True)
        self._keeper.start()

    def run(self, attempt: "Attempt") -> "Outcome | Interrupted":
        """Run an attempt to its end; one that was asked to stop and did is interrupted, whatever it says."""
        run = Run(attempt, self._clock.now())
        with self._changed:
            self._open[run] = None
            self._changed.notify_all()
        try:
            outcome = run.outcome()
        finally:
            with self._changed:
                del self._open[run]
        return Interrupted() if self._is_stopping and isinstance(outcome, Failed | Retry) else outcome

    def interrupt(self) -> None:
        """Ask every handler to stop."""
        with self._changed:
            self._is_stopping = True
            for run in self._open:
                run.interrupt()

    def close(self) -> None:
        """Look after nothing any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._keeper.join()

    def _keep(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                self._changed.wait(self._rest())
                runs = tuple(self._open)
            now = self._clock.now()
            for run in runs:
                run.look_after(now)

    def _rest(self) -> float | None:
        """Give the seconds until some run needs looking after, ``None`` for until there is another one."""
        due = min((min(run.beat_at, run.cancel_at) for run in self._open), default=inf)
        return None if due == inf else max((due - self._clock.now()) / 1_000, 0)
