"""Serving for real: one thread that dispatches, one that knocks at gates, and handlers in threads and on the loop."""

import threading
from math import inf
from typing import TYPE_CHECKING

from purista_serverless.adapters.embedded.dispatcher import LOGGER, Dispatcher
from purista_serverless.adapters.embedded.records import FileLedger
from purista_serverless.adapters.embedded.runners import PooledRunner
from purista_serverless.adapters.embedded.scheduler import Scheduler
from purista_serverless.errors import Unavailable

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.dispatcher import Flight
    from purista_serverless.adapters.embedded.intake import Intake
    from purista_serverless.adapters.embedded.store import Store
    from purista_serverless.message import Outcome
    from purista_serverless.runtime.consume import Interrupted
    from purista_serverless.runtime.ports import Ports

# How often to look whether another process has written: soon after something happened, and at rest. In seconds.
_BUSY_POLL = 0.005
_IDLE_POLL = 0.05

# How long handlers may go on after a stop, and how long after they were asked to stop. In seconds.
GRACE = 30.0
LONG_GRACE = 60.0
LAST_GRACE = 2.0

# How often records past their expiry are forgotten, in milliseconds.
_PURGE_INTERVAL = 60_000


class Serving:
    """Serve until it is stopped.

    Args:
        store: The file.
        ports: The ways out.
        intake: What to lease.
        scheduler: Fires schedules; ``None`` for none.
        concurrency: How many handlers of one kind run at a time.
        grace: How long handlers may go on after a stop, in seconds; 30, or 60 with long-running ones, when omitted.
    """

    def __init__(
        self,
        store: "Store",
        ports: "Ports",
        intake: "Intake",
        *,
        scheduler: Scheduler | None,
        concurrency: int,
        grace: float | None = None,
    ) -> None:
        self._store = store
        self._ports = ports
        self._grace = grace
        self._runner = PooledRunner(concurrency, self._end)
        self._dispatcher = Dispatcher(store, intake, ports, self._runner)
        self._awake = threading.Event()
        self._knocking = Knocking(scheduler) if scheduler is not None else None
        self._poll = _BUSY_POLL
        self._purge_at = 0
        store.listen(self._noted)

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set, then end gracefully."""
        try:
            if self._knocking is not None:
                self._knocking.start()
            while not stop.is_set():
                self._wait(self._turn())
            self._drain()
        finally:
            self._store.forget(self._noted)
            if self._knocking is not None:
                self._knocking.stop()
            self._runner.close()

    def wake(self) -> None:
        """Look at the file now."""
        self._dispatcher.look_everywhere()
        self._awake.set()

    def _turn(self) -> float:
        if self._store.has_changed():
            self._poll = _BUSY_POLL
            self._dispatcher.look_everywhere()
            if self._knocking is not None:
                self._knocking.look()
        next_at = self._dispatcher.turn()
        if self._knocking is not None:
            self._knocking.tick(self._ports.clock.now())
        self._purge()
        return next_at

    def _wait(self, next_at: float) -> None:
        """Sleep until something is due, somebody wakes us, or it is time to look for other processes' writes."""
        pause = (next_at - self._ports.clock.now()) / 1000
        if pause > 0 and self._awake.wait(min(pause, self._poll)):
            self._poll = _BUSY_POLL
        self._awake.clear()
        self._poll = min(self._poll * 1.1, _IDLE_POLL)

    def _purge(self) -> None:
        """Forget expired records, a few at a time."""
        now = self._ports.clock.now()
        if now < self._purge_at:
            return
        self._purge_at = now + _PURGE_INTERVAL
        try:
            FileLedger(self._store).purge()
        except Unavailable:
            LOGGER.warning("expired records could not be forgotten; tried again in a minute", exc_info=True)

    def _drain(self) -> None:
        """Wait for what runs, ask it to stop when its time is over, and give back what can be given back."""
        self._dispatcher.is_leasing = False
        self._wait_for_flights(self._grace_left())
        for flight in self._dispatcher.flights:
            if flight.attempt is not None:
                flight.attempt.cancel()
        self._runner.cancel()
        self._wait_for_flights(LAST_GRACE)
        if self._dispatcher.flights:
            LOGGER.warning("%d handlers ignore that they should stop", len(self._dispatcher.flights))

    def _wait_for_flights(self, seconds: float) -> None:
        until = self._ports.clock.now() + round(seconds * 1000)
        self._dispatcher.turn()
        while self._dispatcher.flights and (now := self._ports.clock.now()) < until:
            self._awake.wait(min((until - now) / 1000, _IDLE_POLL))
            self._awake.clear()
            self._dispatcher.turn()

    def _grace_left(self) -> float:
        if self._grace is not None:
            return self._grace
        flights = self._dispatcher.flights
        has_long = any(flight.channel.consumer.lifecycle.max_runtime is not None for flight in flights)
        return LONG_GRACE if has_long else GRACE

    def _end(self, flight: "Flight", outcome: "Outcome | Interrupted | None") -> None:
        self._dispatcher.end(flight, outcome)
        self._awake.set()

    def _noted(self, edge: str, due: int) -> None:
        self._dispatcher.intake.note(edge, due)
        if self._knocking is not None and edge.startswith("gate:"):
            self._knocking.look()
        self._awake.set()


class Knocking:
    """The thread that knocks at gates: their triggers run the user's code, which must not hold up deliveries."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._awake = threading.Event()
        self._is_stopped = False
        self._next_at: float = 0
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="purista-scheduler", daemon=True)

    def start(self) -> None:
        """Start, which treats what was missed."""
        self._awake.set()
        self._thread.start()

    def tick(self, now: int) -> None:
        """Knock if it is time: whoever has a clock calls this often enough."""
        if self._error is not None:
            raise self._error
        if now >= self._next_at:
            self._next_at = inf
            self._awake.set()

    def look(self) -> None:
        """See whether somebody asks for a knock."""
        self._awake.set()

    def stop(self) -> None:
        """End, after the knock that is under way."""
        self._is_stopped = True
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._awake.wait()
            self._awake.clear()
            if self._is_stopped:
                return
            try:
                self._next_at = self._scheduler.step()
            except Unavailable:
                LOGGER.warning("the scheduler could not reach the store; it goes on in a moment", exc_info=True)
                self._next_at = 0
            except Exception as error:  # noqa: BLE001 - raised where the serving is waited for
                self._error = error
                return
