"""The embedded runtime in virtual time: its file, leases, dispatcher and scheduler, driven by a test's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.embedded.dead_letters import list_letters, purge_letters, redrive_letter
from purista_serverless.adapters.embedded.delivery import Delivery
from purista_serverless.adapters.embedded.dispatcher import Dispatcher, Flight
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.intake import Intake, channels_of
from purista_serverless.adapters.embedded.ports import FileQueues, LocalCommands
from purista_serverless.adapters.embedded.scheduler import Scheduler
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.consume import Interrupted
from purista_serverless.runtime.ids import derived_id
from purista_serverless.testing.clock import VirtualClock, to_milliseconds
from purista_serverless.testing.doubles import MemorySettings
from purista_serverless.testing.edges import edge_of, name_of_schedule
from purista_serverless.testing.faults import Crash, Faults, Guarded, Instance
from purista_serverless.testing.host import guard
from purista_serverless.testing.journal import Entry, Journal
from purista_serverless.testing.loop import VirtualLoop, virtual_loop
from purista_serverless.testing.simulation import Simulation
from purista_serverless.testing.wiring import Calls

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from purista_serverless.adapters.embedded.store import Leased, Store
    from purista_serverless.application import Application
    from purista_serverless.builder.values import Schedule
    from purista_serverless.message import Job, Message, Outcome
    from purista_serverless.runtime.consume import Attempt
    from purista_serverless.runtime.ports import DeadLetter, EventPort, Ports, SchedulePort
    from purista_serverless.testing.clock import Timer
    from purista_serverless.testing.simulation import Duration, Edge

_START = datetime(2026, 1, 1, tzinfo=UTC)
_GRACE = timedelta(seconds=30)
_ROOM = 1_000
_RETRY_DELAY = 1_000

# How much earlier a message is due for each place that it overtakes, in milliseconds.
_PLACE = 100
_MOST_LEASES = 1_000_000


class EmbeddedSimulation(Simulation):
    """Run an application on the embedded runtime in virtual time, as ``Simulation`` does on a broker in memory.

    A fault that kills a process kills all of it, as a power cut does: what was not committed is gone, leases stay until
    they run out, and a new process starts at once on the same file.

    Args:
        application: What runs.
        path: The file; in memory when omitted.
        start: The first instant, aware; 2026-01-01 in UTC when omitted.
        seed: Decides the jitter of retries.
        faults: What goes wrong; nothing when omitted.
        durations: How long handlers take, by handler: a duration, or a function from the attempt's number to one.
        resources: What handlers are given, by name.
        config: Configuration values by name, as JSON values.
        secrets: Secrets by name.
        schedules: Whether schedules fire from the start.
    """

    def __init__(
        self,
        application: "Application",
        path: "str | Path" = ":memory:",
        *,
        start: datetime = _START,
        seed: int = 0,
        faults: Faults | None = None,
        durations: "Mapping[Callable[..., Any], Duration] | None" = None,
        resources: "Mapping[str, Any] | None" = None,
        config: "Mapping[str, Any] | None" = None,
        secrets: "Mapping[str, str] | None" = None,
        schedules: bool = True,
    ) -> None:
        self.clock = VirtualClock(start)
        self.faults = faults if faults is not None else Faults(seed)
        self._durations = dict(durations or {})
        self._resources = dict(resources or {})
        self._settings = MemorySettings(config, secrets)
        self._random = Random(seed).random  # noqa: S311 - repeatable on purpose
        self._loop = virtual_loop(self.clock)
        self._runs_schedules = schedules
        self._pump: Timer | None = None
        self._processes: list[Process] = []
        self._embedded = self._host_of(application, path)
        self._ledger = self._embedded.ports.ledger
        self._journal = Journal(self.clock, self._ledger)
        self._embedded.store.listen(lambda _, due: self.wake(due))
        self._begin()

    @property
    def host(self) -> Host:
        """Give the host of the newest version of the application, for its tools."""
        return self._embedded

    @property
    def client(self) -> Client:
        """Give the typed way in from outside: ``emit``, ``enqueue``, ``invoke`` and ``status``; no fault strikes it."""
        return self._embedded.client

    def dead_letters(self, edge: "Edge") -> "tuple[DeadLetter, ...]":
        """Give the dead letters of an edge, oldest first, one per message and generation."""
        return list_letters(self._embedded, edge_of(edge))

    def redrive(self, letter: "DeadLetter") -> None:
        """Send a dead letter back to its edge, and forget it.

        Raises:
            BadEvent: It does not decode; it can only be purged.
            InvalidPayload: It does not match today's types; the letter stays.
        """
        redrive_letter(self._embedded, letter)

    def inject(self, edge: "Edge", body: bytes) -> None:
        """Put a body onto an edge as another system may: the platform looks at none of it."""
        name = edge_of(edge)
        self._embedded.store.send(name, derived_id("injected", name, self.clock.now(), body), body)

    def purge(self, edge: "Edge") -> int:
        """Delete the dead letters of an edge and say how many there were."""
        return purge_letters(self._embedded, edge_of(edge))

    def knock(self, schedule: "Schedule | str", slot: datetime | None = None) -> None:
        """Knock at a schedule's gate, as a provider's scheduler does: for a slot, also a late one, and also twice."""
        self._processes[-1].knock(name_of_schedule(schedule), None if slot is None else to_milliseconds(slot))

    def stop_scheduler(self) -> None:
        """Stop firing schedules: an outage."""
        self._runs_schedules = False
        for process in self._processes:
            process.scheduler = None

    def start_scheduler(self) -> None:
        """Fire schedules again; slots that were missed are treated by their policy."""
        self._runs_schedules = True
        self._processes[-1].start_scheduler()
        self.wake()

    def shutdown(self, grace: timedelta = _GRACE) -> None:
        """Stop in good order; nothing runs then until ``restart``.

        Args:
            grace: How long handlers may go on; 30 seconds when omitted.
        """
        for process in self._processes:
            process.retire()
        self.advance(grace)
        for process in self._processes:
            process.interrupt()
        self.advance(timedelta(0))
        for process in self._processes:
            process.die()

    def restart(self) -> None:
        """Kill everything that runs, without a word, and start again: only what is stored remains."""
        for process in self._processes:
            process.die()
        self._begin()

    def replace_application(self, application: "Application") -> None:
        """Deploy another version of the application over this one; handlers that run go on as they were."""
        for process in self._processes:
            process.retire()
        self._embedded = self._host_of(application, self._embedded.store)
        self._begin()

    def close(self) -> None:
        """Close the file."""
        for process in self._processes:
            process.die()
        self._embedded.close()

    def wake(self, at: int = 0) -> None:
        """Have the processes look at the file at a time; at once when omitted."""
        if self._pump is not None and self._pump.call is not None:
            if self._pump.at <= at:
                return
            self._pump.cancel()
        self._pump = self.clock.call_at(at, self._turn)

    def look(self) -> None:
        """Have the processes look at every edge and every lease: something changed that they were not told of."""
        for process in self._processes:
            process.dispatcher.look_everywhere()
        self.wake()

    def duration(self, attempt: "Attempt") -> int:
        """Give how long a sync handler's attempt takes, in milliseconds."""
        return self._duration(attempt)

    def _host_of(self, application: "Application", path: "str | Path | Store") -> Host:
        return Host(application, path, clock=self.clock, settings=self._settings, random=self._random)

    def _begin(self) -> None:
        """Start a process on the newest version of the application."""
        self._embedded.ports.resources = dict(self._resources)
        witness(self._embedded, self._journal, self.faults, self._loop)
        self._embedded.routes.declare()
        self._processes = [process for process in self._processes if process.is_working]
        self._processes.append(Process(self, self._embedded, self._journal, self._loop))
        if self._runs_schedules:
            self._processes[-1].start_scheduler()
        self.wake()

    def _turn(self) -> None:
        """Let every process do what is due, and come back when the next of them has something to do."""
        for process in tuple(self._processes):
            at = process.turn()
            if at is not None:
                self.wake(at)

    def crashed(self, process: "Process") -> None:
        """Start a new process in the place of one that died."""
        process.die()
        if process is self._processes[-1]:
            self._begin()

    def _is_idle(self) -> bool:
        edges = tuple(self._embedded.assembly.consumers)
        marks = ",".join("?" * len(edges))
        statement = f"SELECT EXISTS (SELECT 1 FROM message WHERE edge IN ({marks}))"  # noqa: S608 - question marks
        has_messages = bool(self._embedded.store.read(statement, edges)[0][0])
        is_asked = any(process.scheduler and process.scheduler.is_asked() for process in self._processes)
        return not (has_messages or is_asked or any(process.is_working for process in self._processes))


class Process:
    """One process on the file: its dispatcher and its scheduler, and the handlers that it runs in virtual time."""

    def __init__(self, simulation: EmbeddedSimulation, host: Host, journal: Journal, loop: VirtualLoop) -> None:
        self._simulation = simulation
        self._host = host
        self._journal = journal
        self._loop = loop
        self._instance = Instance(simulation.faults)
        self._ports = self._guarded(host.ports)
        self._tasks: dict[Flight, asyncio.Task[Outcome]] = {}
        self._timers: dict[Flight, Timer] = {}
        self._entries: dict[Flight, Entry] = {}
        self._is_stopping = False
        intake = FaultyIntake(simulation, host, self._instance)
        self.scheduler: Scheduler | None = None
        self.dispatcher = Dispatcher(host.store, intake, self._ports, self)
        host.store.listen(intake.note)
        self._intake = intake

    @property
    def is_working(self) -> bool:
        """Say whether handlers run."""
        return self._instance.alive and bool(self.dispatcher.flights)

    def start_scheduler(self) -> None:
        """Fire schedules, after treating the slots that were missed."""
        self.scheduler = Scheduler(self._host.store, self._host.assembly.gates(self._ports))
        try:
            self.scheduler.step()
        except Crash:
            self._simulation.crashed(self)

    def turn(self) -> int | None:
        """Do what is due and say when to come back."""
        try:
            while self._instance.alive:
                slot = self.scheduler.step() if self.scheduler is not None else float("inf")
                at = min(slot, self.dispatcher.turn())
                if at > self._simulation.clock.now():
                    return None if at == float("inf") else int(at)
        except Crash:
            self._simulation.crashed(self)
        return None

    def knock(self, name: str, slot: int | None) -> None:
        """Knock at a gate, and again a second later if that failed."""
        scheduler = Scheduler(self._host.store, self._host.assembly.gates(self._ports))
        try:
            if scheduler.knock(name, slot) is None:
                self._simulation.clock.call_later(_RETRY_DELAY, lambda: self.knock(name, slot))
        except Crash:
            self._simulation.crashed(self)

    def retire(self) -> None:
        """Take nothing more; what runs goes on."""
        self.scheduler = None
        self.dispatcher.is_leasing = False

    def interrupt(self) -> None:
        """Ask every handler to stop: async ones are cancelled and give back what they hold, at once and uncounted.

        A sync handler cannot be stopped; it keeps its lease.
        """
        self._is_stopping = True
        for flight in self._entries:
            if flight.attempt is not None:
                flight.attempt.cancel()
        for task in tuple(self._tasks.values()):
            task.cancel()

    def die(self) -> None:
        """Die: nothing is settled, whatever still unwinds reaches nothing."""
        self._instance.alive = False
        self._host.store.forget(self._intake.note)
        for timer in self._timers.values():
            timer.cancel()
        for task in tuple(self._tasks.values()):
            task.cancel()

    def room(self, *, is_async: bool) -> int:
        """Say that there is room for any number of handlers."""
        return _ROOM

    def start(self, flight: Flight) -> None:
        """Run a handler; a sync one ends at once and takes its duration after that."""
        attempt = flight.attempt
        if attempt is None:
            self.dispatcher.end(flight, flight.work())
            return
        self._entries[flight] = self._journal.started(flight.delivery)
        if attempt.function.is_async:
            task = self._tasks[flight] = self._loop.create_task(attempt.arun())
            task.add_done_callback(lambda ended: self._end_task(flight, ended))
        else:
            with self._loop.lent():
                outcome = attempt.run()
            self._finish_later(flight, outcome)

    def _end_task(self, flight: Flight, task: "asyncio.Task[Outcome]") -> None:
        self._tasks.pop(flight, None)
        if not self._instance.alive:
            return
        if task.cancelled():
            if self._is_stopping:
                self._give_back_later(flight)
            return
        error = task.exception()
        if error is None:
            self._finish_later(flight, task.result())
        elif isinstance(error, Crash):
            self._simulation.crashed(self)
        else:
            raise error

    def _give_back_later(self, flight: Flight) -> None:
        def give_back() -> None:
            self.dispatcher.end(flight, Interrupted())
            self._simulation.wake()

        self._timers[flight] = self._simulation.clock.call_later(0, give_back)

    def _finish_later(self, flight: Flight, outcome: "Outcome") -> None:
        def finish() -> None:
            self._journal.ended(self._entries.pop(flight), outcome)
            self.dispatcher.end(flight, outcome)
            self._simulation.wake()

        duration = self._simulation.duration(flight.attempt) if flight.attempt is not None else 0
        # Also without a duration by a timer: what follows must not run inside the event loop.
        self._timers[flight] = self._simulation.clock.call_later(duration, finish)

    def _guarded(self, ports: "Ports") -> "Ports":
        inside = guard(ports, self._instance)
        commands = LocalCommands(self._host.assembly)
        commands.ports = inside
        guarded: Any = Guarded(commands, "commands", self._instance)
        inside.commands = guarded
        return inside


class WatchedDelivery(Delivery):
    """A delivery that can be asked what became of its message."""

    __slots__ = ()

    @property
    def is_gone(self) -> bool:
        """Say whether the file has let go of the message, for whatever reason."""
        # Fences of one row go up one by one, and those of another message that takes the row begin somewhere else.
        fences = (self._leased.fence, self._leased.fence + _MOST_LEASES)
        found = self._store.read(
            "SELECT 1 FROM message WHERE seq = ? AND fence BETWEEN ? AND ?", (self._leased.seq, *fences)
        )
        return not found


class FaultyIntake(Intake):
    """An intake whose deliveries are struck by faults."""

    def __init__(self, simulation: EmbeddedSimulation, host: Host, instance: Instance) -> None:
        super().__init__(host.store, channels_of(host.assembly))
        self._simulation = simulation
        self._instance = instance
        self._faults = simulation.faults

    def lease(self, room: int, async_room: int) -> list[Delivery]:
        """Lease what is due; deliveries that nobody got are counted with it."""
        leased = super().lease(room, async_room)
        for delivery in leased:
            self._disturb(delivery)
        guarded: list[Any] = [Guarded(delivery, "delivery", self._instance) for delivery in leased]
        return guarded

    def delivery(self, leased: "Leased") -> Delivery:
        """Give a delivery that can tell whether its message is gone."""
        return WatchedDelivery(self.store, leased)

    def _disturb(self, delivery: Delivery) -> None:
        if self._faults.is_phantom():
            self.store.execute("UPDATE message SET receives = receives + 1 WHERE id = ?", (delivery.id,))
            delivery.receives += 1
        duration = self.channels[delivery.edge].visibility
        lost = duration - self._faults.lease_of(duration)
        if lost:
            # The receiver is told what was promised, not what a fault makes of it.
            statement = "UPDATE message SET lease_until = lease_until - ? WHERE id = ? AND state = 1"
            self.store.execute(statement, (lost, delivery.id))
            self._simulation.clock.call_later(duration - lost, self._simulation.look)


@dataclass(frozen=True, slots=True)
class Witness:
    """What leaves a host, written down on its way, and sent twice where a fault wants that."""

    store: "Store"
    journal: Journal
    faults: Faults
    events: "EventPort"
    schedules: "SchedulePort"
    queues: FileQueues
    letters: Any

    def publish(self, message: "Message") -> None:
        """Hand an event on."""
        with self.store.transaction():
            # What is undone was never told.
            self.store.after_commit(partial(self.journal.events.append, message))
            for _ in range(1 + self.faults.is_duplicated()):
                self.events.publish(message)
            self._disturb(message.id)

    def send(self, job: "Job", *, delay: int) -> None:
        """Hand a job on."""
        self.post(job, job.encode(), delay)

    def post(self, job: "Job", body: bytes, delay: int = 0) -> None:
        """Hand a job on as the bytes that it came in."""
        with self.store.transaction():
            self.store.after_commit(partial(self.journal.enqueued, job))
            for _ in range(1 + (job.ordering_key is None and self.faults.is_duplicated())):
                self.queues.post(job, body, delay)
            self._disturb(job.id, is_ordered=job.ordering_key is not None)

    def _disturb(self, message_id: str, *, is_ordered: bool = False) -> None:
        """Have messages come late, or overtake others; those that share an ordering key cannot."""
        moved = self.faults.lateness() - (0 if is_ordered else _PLACE * self.faults.places_passed())
        if moved:
            statement = "UPDATE message SET due = due + ? WHERE id = ? AND receives = 0"
            self.store.execute(statement, (moved, message_id))

    def call(self, schedule: str, message: "Message") -> None:
        """Hand a call on."""
        for _ in range(1 + self.faults.is_duplicated()):
            self.schedules.call(schedule, message)

    def knock(self, schedule: str) -> None:
        """Hand a knock on."""
        self.schedules.knock(schedule)

    def put(self, letter: "DeadLetter") -> None:
        """Keep a letter."""
        with self.store.transaction():
            self.store.after_commit(partial(self.journal.buried, letter))
            self.letters.put(letter)


def witness(host: Host, journal: Journal, faults: Faults, loop: VirtualLoop) -> None:
    """Have a journal kept of what leaves a host, and commands that are invoked from outside be struck by faults."""
    if isinstance(host.ports.events, Witness):
        return
    ports = host.ports
    seen: Any = Witness(host.store, journal, faults, ports.events, ports.schedules, host.queues, host.dead_letters)
    host.queues = seen
    ports.events = ports.queues = ports.schedules = ports.dead_letters = seen
    ports.commands = calls = Calls(lambda address: host.assembly.command(*address), {}, faults, loop)
    calls.ports = ports
