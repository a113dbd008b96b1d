"""What the core asks of the outside, as protocols; adapters implement them. Import them from ``ports``.

They are apart because a protocol class costs a tenth of a millisecond of cold start, and nobody needs one at run time.
"""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from purista_serverless.message import Job, Message
    from purista_serverless.runtime.ports import DeadLetter, Stored


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
        """Give a configuration value; ``None`` if it is not set.

        A text is read as the declared type asks for: as JSON, or as it is. Anything else is a JSON value.
        """
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
    receives: int
    lease_until: int | None

    @property
    def body(self) -> bytes:
        """Give what was sent."""
        ...

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
