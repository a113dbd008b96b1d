"""Asynchronous edges: what is delivered later, how it is retried, and where it ends when it cannot be done.

An edge's name marks its messages at run time, starts the keys of its ledger records, and is what permissions speak of.
"""

from dataclasses import dataclass
from datetime import timedelta

from purista_serverless.model import Address, Filter, Lifecycle, Target

DEFAULT_RETENTION = timedelta(days=14)


def address_text(address: Address) -> str:
    """Give an address as it stands in names of edges and triggers.

    Example:
        >>> address_text(Address(service="Billing", version="1", name="closeAccount"))
        'Billing.1.closeAccount'
    """
    return f"{address.service}.{address.version}.{address.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Where an edge's undeliverable messages stay, at least as long as they could have stayed on the edge."""

    retention: timedelta


def dead_letter_for(lifecycle: Lifecycle, retention: timedelta = DEFAULT_RETENTION) -> DeadLetter:
    """Give the dead letter of an edge: kept as long as asked for, and never shorter than its source."""
    return DeadLetter(retention=max(retention, lifecycle.window))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEdge:
    """The jobs of a queue, and the worker that consumes them."""

    queue: str
    consumer: str
    lifecycle: Lifecycle
    dead_letter: DeadLetter

    @property
    def name(self) -> str:
        """Give the edge's name: ``queue:billing.monthlyClosing``."""
        return f"queue:{self.queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEdge:
    """The messages that a subscription listens to."""

    subscription: Address
    filter: Filter
    consumer: str
    lifecycle: Lifecycle
    dead_letter: DeadLetter

    @property
    def name(self) -> str:
        """Give the edge's name: ``subscription:Ledger.1.recordBillingResult``."""
        return f"subscription:{address_text(self.subscription)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingEdge:
    """An event on its way to a queue.

    ``direct`` says that no code of ours is needed in between; without a ``consumer`` the provider carries it by itself.
    """

    event: str
    queue: str
    consumer: str | None
    direct: bool
    lifecycle: Lifecycle
    dead_letter: DeadLetter
    sender_service: str | None = None
    sender_version: str | None = None

    @property
    def name(self) -> str:
        """Give the edge's name: ``binding:billing.monthlyCycleDue:billing.monthlyClosing``."""
        return f"binding:{self.event}:{self.queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEdge:
    """A schedule's slots on their way to its gate.

    ``direct`` says that a provider's clock could send to the target by itself; without a ``consumer`` it does.
    """

    schedule: str
    target: Target
    consumer: str | None
    direct: bool
    lifecycle: Lifecycle
    dead_letter: DeadLetter

    @property
    def name(self) -> str:
        """Give the edge's name: ``schedule:Billing.1.monthlyBillingCycle``."""
        return f"schedule:{self.schedule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEdge:
    """A command that a schedule invokes: nobody waits for the answer, so that it is retried like a job."""

    schedule: str
    command: Address
    consumer: str
    lifecycle: Lifecycle
    dead_letter: DeadLetter

    @property
    def name(self) -> str:
        """Give the edge's name: ``call:Billing.1.nightly``."""
        return f"call:{self.schedule}"


Edge = QueueEdge | SubscriptionEdge | BindingEdge | ScheduleEdge | CallEdge
