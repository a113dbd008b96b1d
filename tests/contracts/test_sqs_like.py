"""The contracts on the double that is as limited as SQS."""

from typing import Any

from purista_serverless.application import Application
from purista_serverless.testing import Simulation
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering
from purista_serverless.testing.contracts.queue.leases import LongRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite


class Simulated(Suite):
    """Deploys into a simulation."""

    def deploy(self, application: Application, **options: Any) -> Simulation:
        """Start a simulation on this double."""
        return Simulation(application, backend="sqs-like", **options)


class TestQueue(Simulated, QueueContract, Ordering, LongRuns):
    """Queues."""


class TestEvent(Simulated, EventContract):
    """Events, subscriptions and bindings."""


class TestSchedule(Simulated, ScheduleContract):
    """Schedules."""
