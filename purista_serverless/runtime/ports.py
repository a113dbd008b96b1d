"""What the core asks of the outside: small protocols that adapters implement.

Times are whole milliseconds since the epoch. Every call acts before it returns: what returned has happened, what raised
may have happened. A port whose other side cannot be reached raises ``Unavailable``; adapters map their SDK's errors.
"""

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import ClassVar

    from purista_serverless.runtime.protocols import (
        Cause,
        Clock,
        CommandPort,
        DeadLetterPort,
        Delivery,
        EventPort,
        LedgerStore,
        QueuePort,
        SchedulePort,
        SettingsPort,
    )

T = TypeVar("T")

__all__ = [
    "Cause",
    "Clock",
    "CommandPort",
    "DeadLetter",
    "DeadLetterPort",
    "Delivery",
    "EventPort",
    "LazyPorts",
    "LedgerStore",
    "Ports",
    "QueuePort",
    "SchedulePort",
    "SettingsPort",
    "Stored",
    "offload",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        # The import system asks every module for ``__path__``.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from purista_serverless.runtime import protocols

    return getattr(protocols, name)


class Stored:
    """A record as the store holds it."""

    __slots__ = ("fields", "version")

    def __init__(self, version: int, fields: "Mapping[str, Any]") -> None:
        self.version = version
        self.fields = fields


class DeadLetter:
    """What could not be done: the body as it came, and why.

    ``key`` is ``<id>:<generation>``; whoever stores letters may use it to keep only one of several copies.
    """

    __slots__ = ("at", "attempts", "body", "edge", "generation", "id", "reason")

    def __init__(
        self,
        *,
        edge: str,
        id: str,
        body: bytes,
        reason: str,
        attempts: int,
        generation: int,
        at: int,
    ) -> None:
        self.edge = edge
        self.id = id
        self.body = body
        self.reason = reason
        self.attempts = attempts
        self.generation = generation
        self.at = at

    @property
    def key(self) -> str:
        """Give what copies of this letter have in common."""
        return f"{self.id}:{self.generation}"

    def __repr__(self) -> str:
        return f"DeadLetter({self.edge!r}, {self.key!r}, {self.reason!r}, attempts={self.attempts})"


class Ports:
    """All ways out, in one place; adapters may subclass it and create clients on first use."""

    __slots__ = (
        "clock",
        "commands",
        "dead_letters",
        "events",
        "ledger",
        "offload",
        "queues",
        "random",
        "resources",
        "schedules",
        "settings",
        "transaction",
    )

    def __init__(
        self,
        *,
        clock: "Clock",
        events: "EventPort",
        queues: "QueuePort",
        commands: "CommandPort",
        schedules: "SchedulePort",
        dead_letters: "DeadLetterPort",
        ledger: "LedgerStore",
        settings: "SettingsPort",
        resources: "Mapping[str, Any] | None" = None,
        random: Any = None,
        offload: Any = None,
        transaction: Any = None,
    ) -> None:
        """Bundle ports.

        Args:
            clock: The time.
            events: Where events go.
            queues: Where jobs go.
            commands: Where commands go.
            schedules: Where a gate's calls and knocks go.
            dead_letters: Where dead letters go.
            ledger: The record store.
            settings: Configuration and secrets.
            resources: What handlers are given, by name; declared factories fill in what is missing.
            random: Gives a number in ``[0, 1)``, for jitter; ``random.random`` when omitted.
            offload: Runs a blocking call for an async handler: ``await offload(fn, *args)``. When omitted the
                call is made directly, which is right for ports that do not block.
            transaction: Gives a context manager around the writes that settle a delivery, or that enqueue a job with
                a key; an adapter whose queue, ledger and events live in one store makes them one commit.
        """
        self._surround(clock, resources=resources, random=random, offload=offload, transaction=transaction)
        self.events = events
        self.queues = queues
        self.commands = commands
        self.schedules = schedules
        self.dead_letters = dead_letters
        self.ledger = ledger
        self.settings = settings

    def _surround(
        self,
        clock: "Clock",
        *,
        resources: "Mapping[str, Any] | None" = None,
        random: Any = None,
        offload: Any = None,
        transaction: Any = None,
    ) -> None:
        """Set all but the ways out, which a subclass may leave unset until somebody asks for them."""
        self.clock = clock
        self.resources = dict(resources or {})
        self.random: Any = random if random is not None else _random
        self.offload = offload
        self.transaction: Any = transaction if transaction is not None else _NoTransaction


class LazyPorts(Ports):
    """Ways out that are made when somebody asks for them; what they share is made with the first.

    Attributes:
        makers: ``module:class`` of each port, by its name; a class is given what ``_share`` gives.
    """

    __slots__ = ("_made", "_wrappers")
    makers: "ClassVar[Mapping[str, str]]"

    def __init__(
        self,
        *,
        clock: "Clock",
        random: "Callable[[], float] | None" = None,
        resources: "Mapping[str, Any] | None" = None,
    ) -> None:
        # The ports stay unset: ``__getattr__`` makes each when it is asked for.
        self._surround(clock, resources=resources, random=random, offload=offload)
        self._made: dict[str, Any] = {}
        self._wrappers: dict[str, Callable[[Any], Any]] = {}

    def wrap(self, name: str, wrapper: "Callable[[Any], Any]") -> None:
        """Have a port wrapped when it is made; it still is made with its first use.

        Args:
            name: Which port.
            wrapper: Gives what stands in its place.
        """
        self._wrappers[name] = wrapper

    def _share(self) -> Any:
        """Give what all ports are made with."""
        raise NotImplementedError

    def _shared(self) -> Any:
        found = self._made.get("")
        return found if found is not None else self._once("", self._share())

    def _once(self, name: str, made: T) -> T:
        """Give what was made under a name first: of two threads that ask at once both get the same."""
        kept: T = self._made.setdefault(name, made)
        return kept

    def __getattr__(self, name: str) -> Any:
        place = self.makers.get(name)
        if place is None:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module, _, made_by = place.partition(":")
        make = getattr(import_module(module), made_by)
        made, wrapper = make(self._shared()), self._wrappers.get(name)
        port = self._once(name, made if wrapper is None else wrapper(made))
        setattr(self, name, port)
        return port


async def offload(call: "Callable[..., Any]", *arguments: Any) -> Any:
    """Make a call that waits for the network in a thread, so that the event loop goes on."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads retries, protects nothing


class _NoTransaction:
    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None


if TYPE_CHECKING:
    _: AbstractContextManager[None] = _NoTransaction()
