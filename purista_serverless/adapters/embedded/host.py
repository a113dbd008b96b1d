"""A whole application on one SQLite file: its ports, its client, and the loop that serves it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.embedded.store import Store
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path
    from types import TracebackType

    from purista_serverless.application import Application
    from purista_serverless.runtime.client import Client
    from purista_serverless.runtime.gate import Gate
    from purista_serverless.runtime.ports import Clock, Ports, SettingsPort


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


class Host:
    """Run an application on one SQLite file; several processes may have the same file.

    Nothing runs until ``step`` or ``serve`` is called: a host that is only opened gives its ports and its client, which
    is what a web server or a tool needs.

    Args:
        application: What runs.
        path: The file; made when it is missing. ``:memory:`` gives a file of this process' memory.
        clock: The time.
        resources: What handlers are given, by name; declared factories fill in what is missing.
        settings: Configuration and secrets; the environment's variables when omitted.
        random: Gives a number in ``[0, 1)``, for the jitter of retries; ``random.random`` when omitted.

    Attributes:
        application: The application.
        assembly: Its consumers, commands and queues, by name.
        store: The file.
        ports: The ways out of handlers.
        clock: The time.

    Raises:
        StoreError: The file is not ours, is damaged, was written by a newer version, or cannot be written.
    """

    def __init__(
        self,
        application: "Application",
        path: "str | Path",
        *,
        clock: "Clock | None" = None,
        resources: "Mapping[str, Any] | None" = None,
        settings: "SettingsPort | None" = None,
        random: "Callable[[], float] | None" = None,
    ) -> None:
        self.application = application
        self.assembly = assemble(application.model)
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.store = Store(path, self.clock)
        self.ports: Ports
        raise NotImplementedError

    @property
    def client(self) -> "Client":
        """Give the typed way in: ``emit``, ``enqueue``, ``invoke``, ``ainvoke``, ``status``, ``on_behalf_of``."""
        raise NotImplementedError

    @property
    def gates(self) -> "Mapping[str, Gate]":
        """Give the gate of every schedule, by the schedule's full name (``Billing.1.monthlyCycle``)."""
        raise NotImplementedError

    def step(self, share: Share = Share()) -> int | None:  # noqa: B008 - immutable
        """Process everything that is due now, in this thread, and say when to come back.

        Returns:
            The time of the next message, lease end or slot in milliseconds since the epoch; ``None`` if nothing is
            known to come.
        """
        raise NotImplementedError

    def serve(
        self,
        *,
        workers: bool = True,
        subscriptions: bool = True,
        scheduler: bool = True,
        queues: "Collection[str] | None" = None,
        stop: "threading.Event | None" = None,
        concurrency: int = 16,
    ) -> None:
        """Serve until ``stop`` is set; sync handlers run in threads, async ones on the process' loop.

        Blocks. When ``stop`` is set no more is leased; what runs has 30 s to end (60 s for ``LongRunning`` queues), is
        then asked to stop (``ctx.cancel_requested()``), async handlers are cancelled, and what was cancelled goes back
        without delay and without an attempt.

        Args:
            workers: Whether to run the workers of queues.
            subscriptions: Whether to run subscriptions, bindings and the calls of schedules.
            scheduler: Whether to fire schedules.
            queues: Names of the queues whose workers to run; all when omitted.
            stop: Ends the serving; give one that a signal handler or another thread sets.
            concurrency: How many handlers of one kind (``def`` or ``async def``) run at a time, at most.

        Raises:
            DeclarationError: One of ``queues`` is not a queue of this application with a worker.
        """
        raise NotImplementedError

    def wake(self) -> None:
        """Have ``serve`` look at the file now: another thread or process has written to it."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def __enter__(self) -> "Host":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()
