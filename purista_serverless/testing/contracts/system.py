"""A running application as the contract suites see it: something that is driven, and looked at from outside.

``Simulation`` is one; an adapter's suite supplies one over the adapter's own runtime and its test backend.
"""

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from purista_serverless.application import Application
    from purista_serverless.builder.handles import Event, Queue
    from purista_serverless.builder.values import Schedule
    from purista_serverless.message import Message
    from purista_serverless.runtime.client import Client
    from purista_serverless.runtime.ports import DeadLetter, LedgerStore
    from purista_serverless.testing.history import AttemptHistory, JobHistory, RunHistory

T = TypeVar("T")


class System(Protocol):
    """A deployed application.

    Wherever an edge is asked for, its name (``queue:<name>``, ``subscription:<Service>.<version>.<name>``,
    ``binding:<event>:<queue>``, ``call:<schedule>``), the queue's handle or the handler function will do.
    """

    @property
    def client(self) -> "Client":
        """The typed way in: ``emit``, ``enqueue``, ``invoke``, ``status``."""
        ...

    @property
    def ledger(self) -> "LedgerStore":
        """The record store, for looking at it."""
        ...

    @property
    def now(self) -> "datetime":
        """The system's time, in UTC."""
        ...

    def advance(self, duration: "timedelta") -> None:
        """Let that much time pass, and everything happen that is due in it."""
        ...

    def run_until(self, instant: "datetime") -> None:
        """Let time pass up to an instant."""
        ...

    def drain(self) -> None:
        """Let time pass until no message is on its way and no handler runs; schedules are not waited for.

        Messages that are delayed or backing off are waited for.
        """
        ...

    def events(self, event: "Event[T]") -> tuple[T, ...]:
        """Give the payloads of all events of this kind that were published, oldest first; copies included."""
        ...

    def messages(self, event: "Event[Any] | str | None" = None) -> "tuple[Message, ...]":
        """Give the envelopes of all events that were published, or of one kind, oldest first; copies included."""
        ...

    def jobs(self, queue: "Queue[Any, Any] | str") -> "tuple[JobHistory, ...]":
        """Give the jobs of a queue in the order of their first enqueue."""
        ...

    def attempts(self, edge: "Queue[Any, Any] | Callable[..., Any] | str") -> "tuple[AttemptHistory, ...]":
        """Give all runs of handlers that started on an edge, oldest first."""
        ...

    def dead_letters(self, edge: "Queue[Any, Any] | Callable[..., Any] | str") -> "tuple[DeadLetter, ...]":
        """Give the dead letters of an edge, oldest first, one per job and generation."""
        ...

    def redrive(self, letter: "DeadLetter") -> None:
        """Send a dead letter back to its edge.

        Raises:
            InvalidPayload: It does not match today's types; the letter stays.
        """
        ...

    def inject(self, edge: "Queue[Any, Any] | Callable[..., Any] | str", body: bytes) -> None:
        """Put a body onto an edge as another system may: the platform looks at none of it."""
        ...

    def purge(self, edge: "Queue[Any, Any] | Callable[..., Any] | str") -> int:
        """Delete the dead letters of an edge and say how many there were."""
        ...

    def runs(self, schedule: "Schedule | str") -> "tuple[RunHistory, ...]":
        """Give the recorded runs of a schedule (``Billing.1.monthlyCycle``), oldest slot first."""
        ...

    def knock(self, schedule: "Schedule | str", slot: "datetime | None" = None) -> None:
        """Knock at a schedule's gate, as a provider's scheduler does: for a slot, also a late one, and also twice."""
        ...

    def stop_scheduler(self) -> None:
        """Stop firing schedules: an outage."""
        ...

    def start_scheduler(self) -> None:
        """Fire schedules again; slots that were missed are treated by their policy."""
        ...

    def shutdown(self, grace: "timedelta" = ...) -> None:
        """Stop in good order: lease nothing more, wait for ``grace``, interrupt what still runs; until ``restart``."""
        ...

    def restart(self) -> None:
        """Kill everything that runs, without a word, and start again: only what is stored remains."""
        ...

    def replace_application(self, application: "Application") -> None:
        """Deploy another version of the application over this one."""
        ...
