"""What the core asks of the outside: small protocols that adapters implement.

Times are whole milliseconds since the epoch. Every call acts before it returns: what returned has happened, what raised
may have happened. A port whose other side cannot be reached raises ``Unavailable``; adapters map their SDK's errors.
"""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from purista_serverless.message import Job, Message


class Clock(Protocol):
    """The time."""

    def now(self) -> int:
        """Give the milliseconds since the epoch."""
        ...


class EventPort(Protocol):
    """The way out for events."""

    def publish(self, message: "Message") -> None:
        """Hand an event to every subscription and binding that matches it."""
        ...


class QueuePort(Protocol):
    """The way out for jobs."""

    def send(self, job: "Job", *, delay: int) -> None:
        """Put a job onto its queue, to be delivered after ``delay`` milliseconds."""
        ...


class CommandPort(Protocol):
    """The way out for commands."""

    def invoke(self, message: "Message") -> "Message":
        """Send a command and give its response; both are upstream envelopes."""
        ...

    async def ainvoke(self, message: "Message") -> "Message":
        """Do the same without blocking the event loop."""
        ...


class SchedulePort(Protocol):
    """What a schedule's gate sends besides events and jobs."""

    def call(self, schedule: str, message: "Message") -> None:
        """Deliver a command message on the schedule's own asynchronous edge ``call:<schedule>``."""
        ...

    def knock(self, schedule: str) -> None:
        """Ask the schedule's gate to look at its slots again, soon."""
        ...


class DeadLetterPort(Protocol):
    """The way out for what cannot be done."""

    def put(self, letter: "DeadLetter") -> None:
        """Keep a letter; another with the same ``key`` may be dropped."""
        ...


class LedgerStore(Protocol):
    """A record store with conditional writes; a record past its expiry does not exist."""

    def read(self, key: str) -> "Stored | None":
        """Give the record, or ``None``."""
        ...

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Write if the record's version is ``expected`` (0: it does not exist); say whether it was written.

        The written version is ``expected + 1``; ``fields`` is a JSON object.
        """
        ...

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Give all records whose key starts with ``prefix``, in the order of their keys; for tools only."""
        ...


class SettingsPort(Protocol):
    """Configuration and secrets of the environment."""

    def config(self, name: str) -> Any:
        """Give a configuration value as JSON value; ``None`` if it is not set."""
        ...

    def secret(self, name: str) -> str | None:
        """Give a secret; ``None`` if it is not set."""
        ...


class Delivery(Protocol):
    """One message that a platform has leased to us, and the ways to settle it.

    Exactly one of ``acknowledge``, ``redeliver`` and ``leave`` is called, once. ``edge`` is the asynchronous edge it
    came on. ``receives`` counts deliveries including this one, as far as the platform knows; ``lease_until`` is when
    the platform gives it to somebody else, ``None`` if never.
    """

    edge: str
    id: str
    body: bytes
    receives: int
    lease_until: int | None

    def acknowledge(self) -> None:
        """Remove the message from the platform."""
        ...

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Give it back, to come again after ``delay`` milliseconds; uncounted returns are no attempts."""
        ...

    def leave(self) -> None:
        """Touch nothing: somebody else holds it, or its lease shall run out."""
        ...

    def extend(self, duration: int) -> bool:
        """Extend the platform's lease to ``duration`` milliseconds from now; say whether that was possible."""
        ...


class Cause(Protocol):
    """What something is sent on behalf of: a handler's context, a message, a client's call, a schedule's run."""

    @property
    def correlation_id(self) -> str | None:
        """Give the id that all messages of one business operation share."""
        ...

    @property
    def trace_id(self) -> str | None:
        """Give the id of the trace."""
        ...

    @property
    def traceparent(self) -> str | None:
        """Give W3C's trace context."""
        ...

    @property
    def tenant_id(self) -> str | None:
        """Give the tenant."""
        ...

    @property
    def principal_id(self) -> str | None:
        """Give the principal."""
        ...


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
        clock: Clock,
        events: EventPort,
        queues: QueuePort,
        commands: CommandPort,
        schedules: SchedulePort,
        dead_letters: DeadLetterPort,
        ledger: LedgerStore,
        settings: SettingsPort,
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
            transaction: Gives a context manager around the writes that settle a delivery; an adapter whose queue,
                ledger and events live in one store makes them one commit.
        """
        self.clock = clock
        self.events = events
        self.queues = queues
        self.commands = commands
        self.schedules = schedules
        self.dead_letters = dead_letters
        self.ledger = ledger
        self.settings = settings
        self.resources = dict(resources or {})
        self.random: Any = random if random is not None else _random
        self.offload = offload
        self.transaction: Any = transaction if transaction is not None else _NoTransaction


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
