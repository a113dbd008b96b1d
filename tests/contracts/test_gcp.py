"""The contracts of queues, events and schedules on Google Cloud: its own emulators, driven in virtual time."""

from collections.abc import Iterator
from typing import Any

import pytest

from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.application import Application
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering
from purista_serverless.testing.contracts.queue.leases import BoundedRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite
from tests.connected.gcp.tools import firestore, pubsub
from tests.contracts.gcp.applied import AppliedProject
from tests.contracts.gcp.broker import Broker
from tests.contracts.gcp.gaps import EVENT_GAPS, QUEUE_GAPS, SCHEDULE_GAPS
from tests.contracts.gcp.system import GcpSimulation
from tests.unit.gcp.schedules.cloud_scheduler import CloudScheduler, client_at, served

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """Give Pub/Sub."""
    with pubsub() as server:
        yield Broker(server)


@pytest.fixture(scope="module")
def records() -> Iterator[Server]:
    """Give Firestore."""
    with firestore() as server:
        yield server


class Deployed(Suite):
    """Deploys to a project under a prefix of its own."""

    system: GcpSimulation | None
    broker: Broker
    records: Server

    @pytest.fixture(autouse=True)
    def _project(self, broker: Broker, records: Server) -> Iterator[None]:
        self.system = None
        self.broker, self.records = broker, records
        yield
        self._close()

    def deploy(self, application: Application, **options: Any) -> GcpSimulation:
        """Deploy under a new prefix."""
        self._close()
        self.system = GcpSimulation(application, broker=self.broker, records=self.records, **options)
        return self.system

    def _close(self) -> None:
        if self.system is not None:
            self.system.close()


class TestQueue(Deployed, QueueContract, Ordering, BoundedRuns):
    """Queues."""

    gaps = QUEUE_GAPS


class TestEvent(Deployed, EventContract):
    """Events, subscriptions and bindings."""

    gaps = EVENT_GAPS


class TestSchedule(Deployed, ScheduleContract):
    """Schedules."""

    gaps = SCHEDULE_GAPS


class TestAppliedSchedule(Deployed, ScheduleContract):
    """Schedules that are managed apart: fired is what ``schedules apply`` made.

    Deaths between two writes of a gate are left to ``TestSchedule``: they take minutes, and never meet the clock.
    """

    gaps = SCHEDULE_GAPS
    test_a_crash_between_any_two_writes_neither_loses_nor_doubles_a_run = None  # type: ignore[assignment]
    test_no_two_runs_overlap_under_forbid_wherever_a_process_dies = None  # type: ignore[assignment]
    test_the_newer_run_wins_under_replace_wherever_a_process_dies = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _scheduler(self) -> Iterator[None]:
        with served(CloudScheduler()) as host:
            self.client = client_at(host)
            yield

    def deploy(self, application: Application, **options: Any) -> GcpSimulation:
        """Deploy under a new prefix, and apply the schedules each time."""
        return super().deploy(application, project=AppliedProject(self.broker, self.client), **options)
