"""Jobs over HTTP: accepted with 202, asked for by id, followed as server-sent events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from purista_serverless.adapters.embedded.http_answers import json_answer
from purista_serverless.adapters.embedded.http_requests import identity_of, prefix_of
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.records import CLAIMED, QUEUED, JobRecord

if TYPE_CHECKING:
    from starlette.requests import Request

    from purista_serverless.message.identity import Identity
    from purista_serverless.model import Application
    from purista_serverless.runtime.client import Client

# Reads of records have threads of their own, so that slow commands do not hold up who asks for a status.
_READERS = 4

_EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a followed job's record is read. Times in seconds.

    Attributes:
        first: Wait after a change; it doubles while nothing changes.
        longest: Longest wait between two reads.
        heartbeat: Silence after which a comment is sent, so that proxies keep the connection.
        lifetime: Time after which the stream ends; a browser's ``EventSource`` connects again by itself.
        pause: Waits for a time.
    """

    first: float = 0.1
    longest: float = 2.0
    heartbeat: float = 15.0
    lifetime: float = 600.0
    pause: Callable[[float], Awaitable[None]] = anyio.sleep


class JobStatus:
    """The status of jobs, told to who enqueued them: the same tenant and the same principal. Others get 404.

    Args:
        application: What is declared.
        client: Reads records on behalf of somebody.
        pace: How often a followed job is looked at.
    """

    def __init__(self, application: "Application", client: "Client", pace: Pace) -> None:
        self._authenticate = application.authenticate
        self._client = client
        self._pace = pace
        self._queues = {queue.name: queue for queue in application.queues if queue.tracking != "none"}
        self._public = public_queues(application)
        self._readers = anyio.CapacityLimiter(_READERS)

    def accept(self, request: "Request", queue: str, job_id: str) -> Response:
        """Answer that a job was enqueued, and where its status is found from now on."""
        url = _url(request, queue, job_id)
        body = {
            "jobId": job_id,
            "status": QUEUED,
            "queueName": queue,
            "statusUrl": url,
            "streamUrl": f"{url}/events",
        }
        return json_answer(body, 202, {"Location": url})

    async def show(self, request: "Request") -> Response:
        """Answer with a job's status, progress and result.

        Raises:
            HTTPException: 401, nobody asks; 404, there is no such job for who asks.
        """
        record = await self._read(*await self._asked_for(request))
        return json_answer(_body(request, _found(record)))

    async def follow(self, request: "Request") -> Response:
        """Answer with server-sent events: the status now, and each change until the job has ended.

        Raises:
            HTTPException: As ``show`` does.
        """
        asked = await self._asked_for(request)
        _found(await self._read(*asked))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(headers=headers, media_type=_EVENTS)
        changes = watch(partial(self._read, *asked), partial(_body, request), request.is_disconnected, self._pace)
        return StreamingResponse(changes, headers=headers, media_type=_EVENTS)

    async def _asked_for(self, request: "Request") -> "tuple[str, str, Identity | None]":
        queue, job_id = request.path_params["queue"], request.path_params["job_id"]
        identity = await identity_of(request, self._authenticate)
        if identity is None and queue not in self._public:
            raise HTTPException(401, "say who you are: a job's status is told to who enqueued it")
        if queue not in self._queues:
            raise _nothing()
        return queue, job_id, identity

    async def _read(self, queue: str, job_id: str, identity: "Identity | None") -> JobRecord | None:
        return await anyio.to_thread.run_sync(self._record, queue, job_id, identity, limiter=self._readers)

    def _record(self, queue: str, job_id: str, identity: "Identity | None") -> JobRecord | None:
        declared, found = self._queues[queue], None
        if identity is not None:
            client = self._client.on_behalf_of(tenant_id=identity.tenant_id, principal_id=identity.principal_id)
            found = client.status(declared, job_id)
        # Who is signed in may ask for a job that a public route accepted from nobody in particular.
        return (
            self._client.on_behalf_of().status(declared, job_id) if found is None and queue in self._public else found
        )


async def watch(
    read: Callable[[], Awaitable[JobRecord | None]],
    show: Callable[[JobRecord], dict[str, Any]],
    is_gone: Callable[[], Awaitable[bool]],
    pace: Pace,
) -> AsyncIterator[bytes]:
    """Give a job's changes as server-sent events until it has ended, nobody listens any more, or time is over.

    Args:
        read: Gives the record.
        show: Gives what is told of it.
        is_gone: Says whether the client has left.
        pace: How often to look.
    """
    told: dict[str, Any] = {}
    wait, silence, age = pace.first, 0.0, 0.0
    while (record := await read()) is not None:
        body = show(record)
        if body != told:
            yield _event("progress" if _differ_in_progress_only(told, body) else "status", body)
            told, wait, silence = body, pace.first, 0.0
        elif silence >= pace.heartbeat:
            yield b": still here\n\n"
            silence = 0.0
        if record.is_terminal or age >= pace.lifetime or await is_gone():
            return
        await pace.pause(wait)
        silence, age, wait = silence + wait, age + wait, min(wait * 2, pace.longest)


def public_queues(application: "Application") -> frozenset[str]:
    """Give the queues to which anybody may have jobs accepted, whose status anybody with the id may then ask for."""
    return frozenset(
        command.handler.can_enqueue[0]
        for command in application.commands
        if command.http is not None and command.http.public and command.http.mode == "async" and command.handler
    )


def _event(name: str, body: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), format_json(body))


def _differ_in_progress_only(told: dict[str, Any], body: dict[str, Any]) -> bool:
    changing = {"progress", "updatedAt"}
    return bool(told) and all(told.get(name) == body.get(name) for name in {*told, *body} - changing)


def _body(request: "Request", record: JobRecord) -> dict[str, Any]:
    """Give what is told of a job. The reason of a failure is not: it may hold what only operators should read."""
    body = {
        "jobId": record.job_id,
        # A claimed job is about to be on its queue; nobody outside can tell the difference.
        "status": QUEUED if record.status == CLAIMED else record.status,
        "queueName": record.queue,
        "attempt": record.attempt,
        "updatedAt": record.updated_at,
        "progress": record.progress,
        "result": record.result,
        "statusUrl": _url(request, record.queue, record.job_id),
    }
    return {name: value for name, value in body.items() if value is not None}


def _url(request: "Request", queue: str, job_id: str) -> str:
    return f"{prefix_of(request)}/jobs/{quote(queue, safe='')}/{quote(job_id, safe='')}"


def _found(record: JobRecord | None) -> JobRecord:
    if record is None:
        raise _nothing()
    return record


def _nothing() -> HTTPException:
    return HTTPException(404, "there is no such job, or it was enqueued by somebody else")
