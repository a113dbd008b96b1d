"""A whole application on one SQLite file: its ports, its client, and the loop that serves it."""

import threading
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Self

from purista_serverless.adapters.embedded.dispatcher import Dispatcher
from purista_serverless.adapters.embedded.entry import EnvironmentSettings
from purista_serverless.adapters.embedded.intake import Intake, channels_of
from purista_serverless.adapters.embedded.ports import (
    FileDeadLetters,
    FileEvents,
    FileQueues,
    FileSchedules,
    LocalCommands,
    offload,
)
from purista_serverless.adapters.embedded.records import FileLedger
from purista_serverless.adapters.embedded.routes import Routes
from purista_serverless.adapters.embedded.runners import InlineRunner
from purista_serverless.adapters.embedded.scheduler import Scheduler
from purista_serverless.adapters.embedded.serving import Serving
from purista_serverless.adapters.embedded.store import Store
from purista_serverless.errors import DeclarationError
from purista_serverless.naming import nearest
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.clock import SystemClock
from purista_serverless.runtime.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path
    from types import TracebackType

    from purista_serverless.application import Application
    from purista_serverless.runtime.gate import Gate
    from purista_serverless.runtime.ports import Clock, SettingsPort


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which part of an application a process serves.

    Attributes:
        workers: Whether it runs the workers of queues.
        subscriptions: Whether it runs subscriptions, bindings and the calls of schedules.
        scheduler: Whether it fires schedules.
        queues: Names of the queues whose workers it runs; ``None`` for all.
    """

    workers: bool = True
    subscriptions: bool = True
    scheduler: bool = True
    queues: tuple[str, ...] | None = None


EVERYTHING = Share()


class Host:
    """Run an application on one SQLite file; several processes may have the same file.

    Nothing runs until ``step`` or ``serve`` is called: a host that is only opened gives its ports and its client, which
    is what a web server or a tool needs.

    Args:
        application: What runs.
        path: The file; made when it is missing. ``:memory:`` gives a file of this process' memory. A ``Store`` that is
            open already may be shared by several hosts.
        clock: The time.
        resources: What handlers are given, by name; declared factories fill in what is missing.
        settings: Configuration and secrets; the environment's variables when omitted.
        random: Gives a number in ``[0, 1)``, for the jitter of retries; ``random.random`` when omitted.

    Attributes:
        application: The application.
        assembly: Its consumers, commands and queues, by name.
        store: The file.
        dead_letters: What could not be done.
        queues: Where jobs go, also as the bytes that they came in.
        routes: Where events go.
        ports: The ways out of handlers.
        clock: The time.

    Raises:
        StoreError: The file is not ours, is damaged, was written by a newer version, or cannot be written.
    """

    def __init__(
        self,
        application: "Application",
        path: "str | Path | Store",
        *,
        clock: "Clock | None" = None,
        resources: "Mapping[str, Any] | None" = None,
        settings: "SettingsPort | None" = None,
        random: "Callable[[], float] | None" = None,
    ) -> None:
        self.application = application
        self.assembly = assemble(application.model)
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.store = path if isinstance(path, Store) else Store(path, self.clock)
        self.routes = Routes(self.store, self.assembly)
        self.dead_letters = FileDeadLetters(self.store)
        self.queues = FileQueues(self.store)
        self.ports = self._make_ports(resources, settings, random)
        self._serving: Serving | None = None
        self._steppers: dict[Share, tuple[Dispatcher, Scheduler | None]] = {}

    @property
    def client(self) -> "Client":
        """Give the typed way in: ``emit``, ``enqueue``, ``invoke``, ``ainvoke``, ``status``, ``on_behalf_of``."""
        return Client(self.application.name, self.ports, queues=self.assembly.queues)

    @property
    def gates(self) -> "Mapping[str, Gate]":
        """Give the gate of every schedule, by the schedule's full name (``Billing.1.monthlyCycle``)."""
        return self.assembly.gates(self.ports)

    def step(self, share: Share = EVERYTHING) -> int | None:
        """Process everything that is due now, in this thread, and say when to come back.

        Returns:
            The time of the next message, lease end or slot in milliseconds since the epoch; ``None`` if nothing is
            known to come.
        """
        dispatcher, scheduler = self._stepper(share)
        if self.store.has_changed():
            dispatcher.look_everywhere()
        while True:
            slot = scheduler.step() if scheduler is not None else inf
            at = min(slot, dispatcher.turn())
            if at > self.clock.now() and not (scheduler is not None and scheduler.is_asked()):
                return None if at == inf else int(at)

    def serve(
        self,
        *,
        workers: bool = True,
        subscriptions: bool = True,
        scheduler: bool = True,
        queues: "Collection[str] | None" = None,
        stop: threading.Event | None = None,
        concurrency: int = 16,
        grace: float | None = None,
    ) -> None:
        """Serve until ``stop`` is set; sync handlers run in threads, async ones on the process' loop.

        Blocks. When ``stop`` is set no more is leased; what runs has 30 s to end (60 s where a long-running job runs),
        is then asked to stop (``ctx.cancel_requested()``), async handlers are cancelled, and what was cancelled goes
        back without delay and without an attempt. A sync handler that ignores it keeps its lease until it runs out.

        Args:
            workers: Whether to run the workers of queues.
            subscriptions: Whether to run subscriptions, bindings and the calls of schedules.
            scheduler: Whether to fire schedules.
            queues: Names of the queues whose workers to run; all when omitted.
            stop: Ends the serving; give one that a signal handler or another thread sets.
            concurrency: How many handlers of one kind (``def`` or ``async def``) run at a time, at most.
            grace: How long handlers may go on after the stop, in seconds, instead of 30 or 60.

        Raises:
            DeclarationError: One of ``queues`` is not a queue of this application with a worker.
            StoreError: The file cannot be used any more.
        """
        share = Share(
            workers=workers,
            subscriptions=subscriptions,
            scheduler=scheduler,
            queues=None if queues is None else tuple(queues),
        )
        self._refuse_unknown(share)
        self.routes.declare()
        self._serving = Serving(
            self.store,
            self.ports,
            self._intake(share),
            scheduler=self._scheduler() if share.scheduler else None,
            concurrency=concurrency,
            grace=grace,
        )
        self._serving.run(stop if stop is not None else threading.Event())

    def wake(self) -> None:
        """Have ``serve`` look at the whole file now, instead of at its next look for other processes' writes."""
        if self._serving is not None:
            self._serving.wake()

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _make_ports(
        self,
        resources: "Mapping[str, Any] | None",
        settings: "SettingsPort | None",
        random: "Callable[[], float] | None",
    ) -> Ports:
        commands = LocalCommands(self.assembly)
        commands.ports = Ports(
            clock=self.clock,
            events=FileEvents(self.store, self.routes),
            queues=self.queues,
            commands=commands,
            schedules=FileSchedules(self.store),
            dead_letters=self.dead_letters,
            ledger=FileLedger(self.store),
            settings=settings if settings is not None else EnvironmentSettings(),
            resources=resources,
            random=random,
            offload=offload,
            transaction=self.store.transaction,
        )
        return commands.ports

    def _intake(self, share: Share) -> Intake:
        channels = channels_of(
            self.assembly, workers=share.workers, subscriptions=share.subscriptions, queues=share.queues
        )
        return Intake(self.store, channels)

    def _scheduler(self) -> Scheduler:
        return Scheduler(self.store, self.gates)

    def _stepper(self, share: Share) -> tuple[Dispatcher, Scheduler | None]:
        if share not in self._steppers:
            self._refuse_unknown(share)
            self.routes.declare()
            intake, runner = self._intake(share), InlineRunner()
            self.store.listen(intake.note)
            dispatcher = Dispatcher(self.store, intake, self.ports, runner)
            runner.end = dispatcher.end
            self._steppers[share] = (dispatcher, self._scheduler() if share.scheduler else None)
        return self._steppers[share]

    def _refuse_unknown(self, share: Share) -> None:
        for name in share.queues or ():
            if f"queue:{name}" not in self.assembly.consumers:
                known = [edge.removeprefix("queue:") for edge in self.assembly.consumers if edge.startswith("queue:")]
                hint = nearest(name, known)
                fix = f"did you mean {hint!r}?" if hint else f"known: {', '.join(sorted(known)) or 'none'}"
                raise DeclarationError(f"{self.application.name} has no queue {name!r} with a worker; {fix}")
