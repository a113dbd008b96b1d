"""What the suites have in common: how a scripted application is deployed, and the stage that a test looks at."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import pytest

from purista_serverless.testing.contracts.script import Logbook

if TYPE_CHECKING:
    from purista_serverless.application import Application
    from purista_serverless.builder.handles import Queue
    from purista_serverless.runtime.client import Client
    from purista_serverless.runtime.ports import DeadLetter
    from purista_serverless.testing.contracts.system import System
    from purista_serverless.testing.history import JobHistory

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Scripted(Protocol):
    """An application whose handlers follow scripts."""

    @property
    def application(self) -> "Application":
        """The application."""
        ...


B = TypeVar("B", bound=Scripted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Generic[B]):
    """A deployed application: ``declared`` has its handles, ``logbook`` what its handlers noted."""

    system: "System"
    declared: B
    logbook: Logbook

    @property
    def client(self) -> "Client":
        """The typed way in."""
        return self.system.client

    def letter(self, edge: "Queue[Any, Any] | Callable[..., Any] | str") -> "DeadLetter":
        """Give the only dead letter of an edge."""
        (letter,) = self.system.dead_letters(edge)
        return letter

    def job(self, job_id: str) -> "JobHistory":
        """Give the history of one job, whatever its queue."""
        queues = (queue.name for queue in self.declared.application.model.queues)
        return next(job for queue in queues for job in self.system.jobs(queue) if job.id == job_id)


class Suite(ABC):
    """Base of the suites that drive a system; an adapter's class says how to deploy one."""

    @pytest.fixture(params=[False, True], ids=["sync", "async"])
    def is_async(self, request: pytest.FixtureRequest) -> bool:
        """Say whether handlers are ``async def``; a test that asks runs for both."""
        return bool(request.param)

    @pytest.fixture(params=["none", "full"], ids=["untracked", "tracked"])
    def tracking(self, request: pytest.FixtureRequest) -> str:
        """Say what is kept of jobs; a test that asks runs for both."""
        return str(request.param)

    @abstractmethod
    def deploy(self, application: "Application", *, resources: Mapping[str, Any], **options: Any) -> "System":
        """Start an application and give the system that it runs in.

        ``options`` are those of ``Simulation``: ``start``, ``seed``, ``faults``, ``durations``.
        """

    def stage(self, declared: B, **options: Any) -> Stage[B]:
        """Deploy a scripted application at ``START`` with a new logbook."""
        logbook = Logbook()
        chosen = {"start": START, **options}
        system = self.deploy(declared.application, resources={"logbook": logbook}, **chosen)
        return Stage(system=system, declared=declared, logbook=logbook)
