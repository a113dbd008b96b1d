"""The contracts on the embedded runtime, with its file in memory and on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.embedded.records import FileLedger
from purista_serverless.adapters.embedded.store import Store
from purista_serverless.application import Application
from purista_serverless.runtime.ports import Clock, LedgerStore
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.ledger import LedgerContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering, Priorities
from purista_serverless.testing.contracts.queue.leases import LongRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite
from purista_serverless.testing.embedded import EmbeddedSimulation


class InMemory(Suite):
    """Deploys onto a file in this process' memory."""

    @pytest.fixture(autouse=True)
    def _systems(self, tmp_path: Path) -> Iterator[None]:
        self.folder = tmp_path
        self.systems: list[EmbeddedSimulation] = []
        yield
        for system in self.systems:
            system.close()

    def path(self) -> str:
        """Name the next file."""
        return ":memory:"

    def deploy(self, application: Application, **options: Any) -> EmbeddedSimulation:
        """Start the embedded runtime."""
        self.systems.append(EmbeddedSimulation(application, self.path(), **options))
        return self.systems[-1]


class OnDisk(InMemory):
    """Deploys onto a file on disk."""

    def path(self) -> str:
        """Name the next file."""
        return str(self.folder / f"{len(self.systems)}.db")


class TestQueueInMemory(InMemory, QueueContract, Ordering, Priorities, LongRuns):
    """Queues."""


class TestEventInMemory(InMemory, EventContract):
    """Events, subscriptions and bindings."""


class TestScheduleInMemory(InMemory, ScheduleContract):
    """Schedules."""


class TestQueueOnDisk(OnDisk, QueueContract, Ordering, Priorities, LongRuns):
    """Queues."""


class TestEventOnDisk(OnDisk, EventContract):
    """Events, subscriptions and bindings."""


class TestScheduleOnDisk(OnDisk, ScheduleContract):
    """Schedules."""


class TestLedgerInMemory(LedgerContract):
    """The record store."""

    @pytest.fixture(autouse=True)
    def _stores(self, tmp_path: Path) -> Iterator[None]:
        self.folder = tmp_path
        self.stores: list[Store] = []
        yield
        for store in self.stores:
            store.close()

    def path(self) -> str:
        """Name the next file."""
        return ":memory:"

    def open_store(self, clock: Clock) -> LedgerStore:
        """Open a new file."""
        self.stores.append(Store(self.path(), clock))
        return FileLedger(self.stores[-1])


class TestLedgerOnDisk(TestLedgerInMemory):
    """The record store on disk."""

    def path(self) -> str:
        """Name the next file."""
        return str(self.folder / f"{len(self.stores)}.db")
