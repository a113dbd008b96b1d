"""The processes of a simulation: they run consumers on what a broker leases, in virtual time, and die when told."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable
from purista_serverless.runtime.consume import Interrupted, rest
from purista_serverless.testing.faults import Crash, Guarded, Instance

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Generator, Mapping

    from purista_serverless.message import Outcome
    from purista_serverless.runtime.consume import Attempt, Consumer
    from purista_serverless.runtime.ports import Ports
    from purista_serverless.testing.brokers import Lease
    from purista_serverless.testing.clock import Timer, VirtualClock
    from purista_serverless.testing.faults import Faults
    from purista_serverless.testing.journal import Entry, Journal
    from purista_serverless.testing.loop import VirtualLoop

_GUARDED = ("events", "queues", "commands", "schedules", "dead_letters", "ledger")


def guard(ports: "Ports", instance: Instance) -> "Ports":
    """Give the ports of one process: each call may be struck by a fault, and the dead reach nothing."""
    from purista_serverless.runtime.ports import Ports

    guarded: dict[str, Any] = {name: Guarded(getattr(ports, name), name, instance) for name in _GUARDED}
    inside = Ports(
        clock=ports.clock, settings=ports.settings, random=ports.random, transaction=ports.transaction, **guarded
    )
    # Shared, not copied: what a factory made serves the next delivery as well.
    inside.resources = ports.resources
    return inside


class Host:
    """Runs batches, each in a process of its own as on a function platform.

    Args:
        clock: The time.
        loop: Runs async handlers.
        ports: The ways out, without faults.
        faults: What goes wrong.
        journal: Writes down what ran.
        duration: How long an attempt takes besides what it sleeps, in milliseconds.
    """

    def __init__(
        self,
        clock: "VirtualClock",
        loop: "VirtualLoop",
        ports: "Ports",
        faults: "Faults",
        *,
        journal: "Journal",
        duration: "Callable[[Attempt], int]",
    ) -> None:
        self.clock = clock
        self.loop = loop
        self.ports = ports
        self.faults = faults
        self.journal = journal
        self.duration = duration
        self.consumers: Mapping[str, Consumer] = {}
        self._working: dict[Work, None] = {}

    @property
    def is_idle(self) -> bool:
        """Say whether nothing runs."""
        return not self._working

    def receive(self, batch: "list[Lease]") -> None:
        """Start a process for a batch; where nobody consumes an edge any more, its messages wait."""
        consumer = self.consumers.get(batch[0].edge)
        if consumer is None:
            return
        work = Work(self, consumer, batch)
        self._working[work] = None
        work.proceed()

    def forget(self, work: "Work") -> None:
        """Let go of a process that has ended."""
        self._working.pop(work, None)

    def stop(self) -> None:
        """Ask every handler to stop, and cancel the async ones, whose deliveries are given back untouched.

        A sync handler cannot be stopped: its process ends all the same, and its lease has to run out.
        """
        for work in tuple(self._working):
            work.stop()

    def kill(self) -> None:
        """Let every process die where it stands."""
        for work in tuple(self._working):
            work.die()


class Work:
    """A process that handles one batch, delivery by delivery."""

    __slots__ = ("_batch", "_consumer", "_host", "_instance", "_is_stopping", "_ports", "_rest", "_run", "delivery")

    def __init__(self, host: Host, consumer: "Consumer", batch: "list[Lease]") -> None:
        self._host = host
        self._consumer = consumer
        self._instance = Instance(host.faults)
        self._ports = guard(host.ports, self._instance)
        self._batch = batch
        self._rest = iter(batch)
        self._run: Run | None = None
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Say whether no further delivery is begun."""
        return self._is_stopping

    @property
    def is_alive(self) -> bool:
        """Say whether the process has not died."""
        return self._instance.alive

    def proceed(self) -> None:
        """Begin with the next delivery; after the last the platform hears how each of them went."""
        if self._is_stopping:
            for unstarted in self._rest:
                unstarted.redeliver(0, counted=False)
        delivery = next(self._rest, None)
        if delivery is None:
            self._host.forget(self)
            for settled in self._batch:
                settled.complete()
            return
        guarded: Any = Guarded(delivery, "delivery", self._instance)
        steps = self._consumer.consume(guarded, self._ports)
        self._run = Run(self, self._host, steps, guarded)
        self._run.step(None)

    def stop(self) -> None:
        """Begin nothing more, and interrupt what runs."""
        self._is_stopping = True
        if self._run is not None:
            self._run.interrupt()

    def die(self) -> None:
        """Die: nothing is settled, whatever still unwinds reaches nothing."""
        self._instance.alive = False
        self._host.forget(self)
        if self._run is not None:
            self._run.stop()


class Run:
    """One delivery on its way through its consumer."""

    __slots__ = ("_attempt", "_delivery", "_entry", "_host", "_steps", "_task", "_timers", "_work")

    def __init__(self, work: Work, host: Host, steps: "Generator[Attempt, Any, None]", delivery: Any) -> None:
        self._work = work
        self._host = host
        self._steps = steps
        self._delivery = delivery
        self._timers: dict[str, Timer] = {}
        self._attempt: Attempt | None = None
        self._entry: Entry | None = None
        self._task: asyncio.Task[Outcome] | None = None

    def step(self, outcome: "Outcome | Interrupted | None") -> None:
        """Let the consumer go on to its next attempt or to its end."""
        self._quiet()
        try:
            attempt = self._steps.send(outcome)
        except StopIteration:
            self._work.proceed()
        except Unavailable:
            self._put_back()
        except Crash:
            self._work.die()
        else:
            self._start(attempt)

    def stop(self) -> None:
        """Stop where it stands, without a word to the outside."""
        self._quiet()
        if self._task is not None:
            self._task.cancel()
        try:
            self._steps.close()
        except (Crash, ValueError):
            # A `finally` on the way out met its dead ports, or the consumer is what called us.
            return

    def interrupt(self) -> None:
        """Ask the handler to stop; cancel it if it is async, else let the process end with the lease in its hands."""
        if self._attempt is None:
            return
        self._attempt.cancel()
        if self._task is not None:
            self._task.cancel()
        elif not self._attempt.function.is_async:
            self._work.die()

    def _put_back(self) -> None:
        try:
            self._delivery.redeliver(rest(self._delivery), counted=False)
        except Unavailable:
            # Not even that: the lease will run out.
            self._work.proceed()
        except Crash:
            self._work.die()
        else:
            self._work.proceed()

    def _start(self, attempt: "Attempt") -> None:
        self._attempt = attempt
        self._entry = self._host.journal.started(self._delivery)
        if attempt.heartbeat_interval is not None:
            self._beat_later(attempt, attempt.heartbeat_interval)
        if attempt.function.is_async:
            self._task = self._host.loop.create_task(attempt.arun())
            self._task.add_done_callback(lambda task: self._awaited(attempt, task))
            return
        try:
            outcome = attempt.run()
        except Crash:
            self._work.die()
        else:
            self._finish_later(attempt, outcome)

    def _awaited(self, attempt: "Attempt", task: "asyncio.Task[Outcome]") -> None:
        self._task = None
        if not self._work.is_alive:
            return
        if task.cancelled():
            if self._work.is_stopping:
                self._timers["finish"] = self._host.clock.call_later(0, lambda: self.step(Interrupted()))
            return
        error = task.exception()
        if error is None:
            self._finish_later(attempt, task.result())
        elif isinstance(error, Crash):
            self._work.die()
        else:
            raise error

    def _finish_later(self, attempt: "Attempt", outcome: "Outcome") -> None:
        def finish() -> None:
            self._host.journal.ended(self._entry, outcome)
            self.step(outcome)

        # Also without a duration by a timer: what follows must not run inside the event loop.
        self._timers["finish"] = self._host.clock.call_later(self._host.duration(attempt), finish)

    def _beat_later(self, attempt: "Attempt", interval: int) -> None:
        self._timers["beat"] = self._host.clock.call_later(interval, lambda: self._beat(attempt, interval))

    def _beat(self, attempt: "Attempt", interval: int) -> None:
        try:
            goes_on = attempt.heartbeat()
        except Unavailable:
            goes_on = True
        except Crash:
            self._work.die()
            return
        if goes_on:
            self._beat_later(attempt, interval)
            return
        # A lease that cannot be extended still lasts until its end, and the handler may use it up.
        until = self._delivery.lease_until
        self._timers["beat"] = self._host.clock.call_at(until or 0, attempt.cancel)

    def _quiet(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
