"""Deliver a command to the embedded runtime as a request to its HTTP surface."""

import asyncio
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.http import asgi
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Reply, RequestParts, request_of, response_of
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import MemorySettings
from tests.contracts.hosting_embedded import record


def deliver_request(case: Case, path: str) -> Reply:
    """Deliver a command as a request and give what came of it."""
    settings = MemorySettings(case.config, case.secrets)
    with Host(case.application, path, clock=VirtualClock(START), resources=case.resources, settings=settings) as host:
        recorders = record(host, case)
        answer = asyncio.run(post(asgi(case.application, host), request_of(case)))
        return Reply(
            response=response_of(answer.status_code, answer.headers, answer.content),
            events=tuple(recorders["events"].kept),
            jobs=tuple(recorders["queues"].kept),
            commands=tuple(recorders["commands"].kept),
            letters=host.dead_letters.letters(),
        )


async def post(surface: Any, request: RequestParts) -> Response:
    """Send a request."""
    token = f"Bearer {request.principal_id}@{request.tenant_id}"
    async with AsyncClient(transport=ASGITransport(surface), base_url="http://testserver") as client:
        return await client.post(
            request.path, content=request.body, headers={**request.headers, "authorization": token}
        )
