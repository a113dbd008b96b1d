"""The contracts on the embedded runtime, each with its file in memory and on disk."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.embedded.records import FileLedger
from purista_serverless.adapters.embedded.store import Store
from purista_serverless.application import Application
from purista_serverless.runtime.ports import Clock, LedgerStore
from purista_serverless.testing.contracts.event import EventContract
from purista_serverless.testing.contracts.host import Case, HostContract, Reply
from purista_serverless.testing.contracts.ledger import LedgerContract
from purista_serverless.testing.contracts.queue import QueueContract
from purista_serverless.testing.contracts.queue.batches import Ordering, Priorities
from purista_serverless.testing.contracts.queue.leases import LongRuns
from purista_serverless.testing.contracts.schedule import ScheduleContract
from purista_serverless.testing.contracts.suite import Suite
from purista_serverless.testing.embedded import EmbeddedSimulation
from tests.contracts.hosting_embedded import deliver


class Filed:
    """A suite whose tests run for both kinds of file; ``path`` names the next one, ``opened`` closes what is open."""

    path: Callable[[], str]
    opened: ExitStack

    @pytest.fixture(autouse=True, params=["memory", "disk"])
    def _files(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        numbers = iter(range(1_000_000))
        self.path = (lambda: ":memory:") if request.param == "memory" else lambda: str(tmp_path / f"{next(numbers)}.db")
        with ExitStack() as self.opened:
            yield


class Embedded(Filed, Suite):
    """Deploys onto the embedded runtime."""

    def deploy(self, application: Application, **options: Any) -> EmbeddedSimulation:
        """Start the embedded runtime in virtual time."""
        system = EmbeddedSimulation(application, self.path(), **options)
        self.opened.callback(system.close)
        return system


class TestQueue(Embedded, QueueContract, Ordering, Priorities, LongRuns):
    """Queues."""


class TestEvent(Embedded, EventContract):
    """Events, subscriptions and bindings."""


class TestSchedule(Embedded, ScheduleContract):
    """Schedules."""


class TestLedger(Filed, LedgerContract):
    """Records."""

    def open_store(self, clock: Clock) -> LedgerStore:
        """Open a new file."""
        store = Store(self.path(), clock)
        self.opened.callback(store.close)
        return FileLedger(store)


class TestHost(Filed, HostContract):
    """Deliveries."""

    def deliver(self, case: Case) -> Reply:
        """Deliver from a new file."""
        return deliver(case, self.path())
