"""The contracts on the double that is as limited as Pub/Sub."""

from typing import Any

from purista_serverless.application import Application
from purista_serverless.runtime.protocols import Clock, LedgerStore
from purista_serverless.testing import MemoryLedger, Simulation
from purista_serverless.testing.clouds import PushLikeBroker
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.host import Case, HostContract, Reply
from purista_serverless.testing.contracts.ledger import LedgerContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering
from purista_serverless.testing.contracts.queue.leases import BoundedRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite
from tests.contracts.hosting import BrokeredHost


class Simulated(Suite):
    """Deploys into a simulation."""

    def deploy(self, application: Application, **options: Any) -> Simulation:
        """Start a simulation on this double."""
        return Simulation(application, backend="push-like", **options)


class TestQueue(Simulated, QueueContract, Ordering, BoundedRuns):
    """Queues."""


class TestEvent(Simulated, EventContract):
    """Events, subscriptions and bindings."""


class TestSchedule(Simulated, ScheduleContract):
    """Schedules."""


class TestLedger(LedgerContract):
    """Records."""

    def open_store(self, clock: Clock) -> LedgerStore:
        """Give a ledger in memory."""
        return MemoryLedger(clock)


class TestHost(HostContract):
    """Deliveries."""

    def deliver(self, case: Case) -> Reply:
        """Deliver from this double."""
        return BrokeredHost(PushLikeBroker, case).deliver()
