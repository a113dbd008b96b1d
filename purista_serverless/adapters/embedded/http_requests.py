"""What comes in over HTTP: who asks, in which trace, with which body and parameter."""

from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders

from purista_serverless.builder.annotations import is_coroutine
from purista_serverless.message.identity import HttpRequest
from purista_serverless.runtime import http_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from purista_serverless.message.identity import Identity
    from purista_serverless.runtime.call import Call


class Traced:
    """ASGI middleware: each request belongs to a trace and a correlation, which its response names."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        call = scope["purista.call"] = http_requests.call_of(lambda name: headers.get(name, ""))

        async def send_named(message: "Message") -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(http_requests.names_of(call))
            await send(message)

        await self._app(scope, receive, send_named)


def call_of(request: "Request") -> "Call":
    """Give the trace and the correlation that a request belongs to."""
    call: Call = request.scope["purista.call"]
    return call


async def identity_of(request: "Request", authenticate: "Callable[..., Any] | None") -> "Identity | None":
    """Ask the application who sent a request; ``None`` for nobody, or if the application has no way to tell.

    A plain function may block, on a look-up of keys for instance, and so runs in a thread.

    Raises:
        HandledError: The application refuses the request.
        DeclarationError: ``authenticate`` gave something else than an identity.
    """
    if authenticate is None:
        return None
    seen = HttpRequest(
        method=request.method,
        path=path_of(request),
        headers={name: ", ".join(values) for name, values in grouped(request.headers.items()).items()},
        query={name: tuple(values) for name, values in grouped(request.query_params.multi_items()).items()},
    )
    if is_coroutine(authenticate):
        given = await authenticate(seen)
    else:
        given = await anyio.to_thread.run_sync(authenticate, seen)
        if hasattr(given, "__await__"):
            given = await given
    return http_requests.identity_in(given)


def path_of(request: "Request") -> str:
    """Give the path below the prefix that this surface is mounted under."""
    path: str = request.scope["path"]
    return path.removeprefix(prefix_of(request)) or "/"


def prefix_of(request: "Request") -> str:
    """Give the prefix that this surface is mounted under; empty for none."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def grouped(pairs: "Iterable[tuple[str, str]]") -> dict[str, list[str]]:
    """Give the values of each name, in order.

    In one pass: asking for the values of each name takes seconds for a query of many names, which anybody may send.

    Example:
        >>> grouped([("tag", "new"), ("page", "1"), ("tag", "red")])
        {'tag': ['new', 'red'], 'page': ['1']}
    """
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


async def read_json_body(request: "Request", limit: int) -> bytes:
    """Give the body as it came, raw JSON that nobody has looked at; empty if there is none.

    Raises:
        HandledError: 413, it has more than ``limit`` bytes; 415, it does not say that it is JSON in UTF-8.
    """
    declared = request.headers.get("content-length", "")
    # More digits than any body has bytes are not worth being turned into a number.
    if declared.isdecimal():
        http_requests.require_size(int(declared[:18]), limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        http_requests.require_size(size, limit)
        parts.append(part)
    body = b"".join(parts)
    if body:
        http_requests.require_json(lambda name: request.headers.get(name, ""))
    return body
