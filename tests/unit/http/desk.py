"""A host for tests: doubles of every port, and jobs that are worked off when a test says so."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from purista_serverless import Application
from purista_serverless.adapters.embedded.http import asgi
from purista_serverless.adapters.embedded.http_status import Pace
from purista_serverless.message import Job
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.client import Client
from purista_serverless.runtime.consume import run
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import RecordingEvents, RecordingQueues, ports


class Handed:
    """A delivery of a job that forgets how it is settled."""

    lease_until: int | None = None
    receives = 1

    def __init__(self, job: Job) -> None:
        self.edge = f"queue:{job.queue}"
        self.id = job.id
        self.body = job.encode()

    def acknowledge(self) -> None:
        """Forget it."""

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Forget it."""

    def leave(self) -> None:
        """Forget it."""

    def extend(self, duration: int) -> bool:
        """Let it live."""
        return True


class Desk:
    """What the HTTP surface needs of a host, and what tests look at."""

    def __init__(self, application: Application) -> None:
        self.events = RecordingEvents()
        self.queues = RecordingQueues()
        self.assembly = assemble(application.model)
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.ports = ports(clock, events=self.events, queues=self.queues)
        self.client = Client(application.name, self.ports, queues=self.assembly.queues)

    def work(self) -> None:
        """Run the worker on every job that waits."""
        while self.queues.sent:
            job, _ = self.queues.sent.pop(0)
            delivery = Handed(job)
            run(self.assembly.consumers[delivery.edge].consume(delivery, self.ports), delivery)


class Browser:
    """Ask an ASGI application from plain code; what fails inside is answered, not raised."""

    def __init__(self, surface: Any) -> None:
        self._surface = surface

    def ask(self, method: str, path: str, *, by: str | None = None, **options: Any) -> Response:
        """Send a request, on behalf of somebody whom the shop knows, and give the whole response."""
        headers = {**(signed_in(by) if by is not None else {}), **options.pop("headers", {})}
        return asyncio.run(self._send(method, path, headers=headers, **options))

    async def _send(self, method: str, path: str, **options: Any) -> Response:
        transport = ASGITransport(self._surface, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return await client.request(method, path, **options)


def browse(application: Application, desk: Desk | None = None, *, pace: Pace | None = None) -> Browser:
    """Give a browser of the application's HTTP surface."""
    return Browser(asgi(application, desk or Desk(application), pace=pace))


def signed_in(name: str) -> dict[str, str]:
    """Give the headers of somebody whom the shop knows."""
    return {"Authorization": f"Bearer {name}"}
