"""The HTTP surface of an application: an ASGI application, served alone or mounted in another.

Needs the extra ``http``. Besides the commands that are declared with ``http=`` it answers::

    GET /jobs/{queue}/{jobId}          status, progress and result of a job
    GET /jobs/{queue}/{jobId}/events   the same as server-sent events until the job has ended
    GET /openapi.json                  the OpenAPI document
    GET /health/live, /health/ready    whether the process runs, and whether it reaches its store

A declared route wins over these.
"""

from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from purista_serverless.adapter import load_object
from purista_serverless.errors import HandledError, MissingExtra, PuristaServerlessError

try:
    import anyio.to_thread
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as error:
    raise MissingExtra("starlette", "http") from error

from purista_serverless.adapters.embedded.http_answers import json_answer
from purista_serverless.adapters.embedded.http_commands import CommandRoute, CommandsAt
from purista_serverless.adapters.embedded.http_problems import on_error, on_handled_error, on_http_exception
from purista_serverless.adapters.embedded.http_requests import Traced, prefix_of
from purista_serverless.adapters.embedded.http_status import JobStatus, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from purista_serverless import model
    from purista_serverless.application import Application
    from purista_serverless.runtime.assembly import Assembly
    from purista_serverless.runtime.client import Client
    from purista_serverless.runtime.ports import LedgerStore, Ports

# Adapters and exports do not import each other; the document is made when it is asked for.
_OPENAPI = "purista_serverless.exports.openapi:openapi"

_ALLOWED_HEADERS = ("Authorization", "Content-Type", "traceparent", "x-correlation-id")
_EXPOSED_HEADERS = ("Location", "Retry-After", "traceparent", "x-correlation-id")


class Hosted(Protocol):
    """What the surface needs of a host."""

    @property
    def assembly(self) -> "Assembly":
        """Give the application's functions and queues."""
        ...

    @property
    def ports(self) -> "Ports":
        """Give the ways out of handlers."""
        ...

    @property
    def client(self) -> "Client":
        """Give the way in from outside."""
        ...


def asgi(application: "Application", host: Hosted, *, pace: Pace | None = None) -> Starlette:
    """Give the ASGI application that serves an application's commands over HTTP.

    ``def`` handlers run in threads. ``async def`` handlers run on the process' event loop (``runtime.loop``): directly,
    where the server runs on that loop, else by way of a thread.

    Args:
        application: The application.
        host: What it runs on: its assembly, ports and client.
        pace: How often jobs are looked at that somebody follows; ten times a second at first, at rest every 2 s, when
            omitted.

    Example:
        Served alone: ``uvicorn.run(asgi(app, host))``. Mounted: ``fastapi_app.mount("/billing", asgi(app, host))``.
    """
    declared = application.model
    jobs = JobStatus(declared, host.client, pace or Pace())
    routes = [
        *_command_routes(declared, host, jobs),
        Route("/jobs/{queue}/{job_id}", jobs.show),
        Route("/jobs/{queue}/{job_id}/events", jobs.follow),
        Route("/openapi.json", Document(declared).show),
        Route("/health/live", _live),
        Route("/health/ready", Readiness(host.ports.ledger).show),
    ]
    handlers: Any = {
        HTTPException: on_http_exception,
        HandledError: on_handled_error,
        PuristaServerlessError: on_error,
        Exception: on_error,
    }
    surface = Starlette(routes=routes, middleware=_middleware(declared.cors), exception_handlers=handlers)
    # `/accounts/` is not `/accounts`: a redirect would make clients repeat a POST.
    surface.router.redirect_slashes = False
    return surface


def _command_routes(application: "model.Application", host: Hosted, jobs: JobStatus) -> "Iterator[Route]":
    """Give a route per path, those with fixed segments before those with placeholders in their place."""
    found = [
        CommandRoute(
            command,
            command.http,
            host.assembly.commands[command.address.service, command.address.version, command.address.name],
            host.ports,
            authenticate=application.authenticate,
            jobs=jobs,
        )
        for command in application.commands
        if command.http is not None and command.handler is not None
    ]
    found.sort(key=lambda route: _specificity(route.http.path))
    for _, routes in groupby(found, key=lambda route: _specificity(route.http.path)):
        at_path = list(routes)
        yield Route(_positional(at_path[0].http.path), CommandsAt(at_path))


def _specificity(path: str) -> list[tuple[bool, str]]:
    return [(segment.startswith("{"), "" if segment.startswith("{") else segment) for segment in path.split("/")]


def _positional(path: str) -> str:
    """Give a path with numbered placeholders: commands of one path may call them differently."""
    segments = enumerate(path.split("/"))
    return "/".join(f"{{p{at}}}" if segment.startswith("{") else segment for at, segment in segments)


def _middleware(cors: "model.Cors | None") -> list[Middleware]:
    if cors is None:
        return [Middleware(Traced)]
    shared = Middleware(
        CORSMiddleware,
        allow_origins=cors.origins,
        allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=(*_ALLOWED_HEADERS, *cors.headers),
        allow_credentials=cors.credentials,
        expose_headers=_EXPOSED_HEADERS,
        max_age=round(cors.max_age.total_seconds()),
    )
    return [shared, Middleware(Traced)]


class Document:
    """The OpenAPI document, made once, when it is first asked for."""

    def __init__(self, application: "model.Application") -> None:
        self._application = application
        self._document: dict[str, Any] = {}

    async def show(self, request: "Request") -> Response:
        """Answer with the document; its server is the prefix that this surface is mounted under."""
        document = self._document = self._document or load_object(_OPENAPI)(self._application)
        return json_answer({**document, "servers": [{"url": prefix_of(request) or "/"}]})


class Readiness:
    """Whether the store answers."""

    def __init__(self, ledger: "LedgerStore") -> None:
        self._ledger = ledger

    async def show(self, _request: "Request") -> Response:
        """Answer 200 if a record can be asked for.

        Raises:
            HTTPException: 503, it cannot.
        """
        try:
            await anyio.to_thread.run_sync(self._ledger.read, "health/ready")
        except (PuristaServerlessError, OSError) as error:
            raise HTTPException(503, "the store cannot be reached") from error
        return json_answer({"status": "ready"})


async def _live(_request: "Request") -> Response:
    return json_answer({"status": "live"})
