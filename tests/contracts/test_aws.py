"""The contracts of queues, events and schedules on AWS: SQS, EventBridge and DynamoDB of moto, in virtual time."""

from collections.abc import Iterator
from typing import Any

import pytest

from purista_serverless.application import Application
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering
from purista_serverless.testing.contracts.queue.leases import BoundedRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite
from tests.contracts.aws.system import AwsSimulation


class Deployed(Suite):
    """Deploys to a region in this process; a test has one at a time."""

    system: AwsSimulation | None

    @pytest.fixture(autouse=True)
    def _region(self) -> Iterator[None]:
        self.system = None
        yield
        self._close()

    def deploy(self, application: Application, **options: Any) -> AwsSimulation:
        """Deploy to an empty region."""
        self._close()
        self.system = AwsSimulation(application, **options)
        return self.system

    def _close(self) -> None:
        if self.system is not None:
            self.system.close()


class TestQueue(Deployed, QueueContract, Ordering, BoundedRuns):
    """Queues."""


class TestEvent(Deployed, EventContract):
    """Events, subscriptions and bindings."""


class TestSchedule(Deployed, ScheduleContract):
    """Schedules."""
