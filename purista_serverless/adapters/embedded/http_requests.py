"""What comes in over HTTP: who asks, in which trace, with which body and parameter."""

from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from purista_serverless.builder.annotations import is_coroutine
from purista_serverless.errors import DeclarationError
from purista_serverless.message.identity import HttpRequest, Identity
from purista_serverless.runtime.client import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LONGEST_CORRELATION_ID = 128


class Traced:
    """ASGI middleware: each request belongs to a trace and a correlation, which its response names.

    ``traceparent`` is continued and ``x-correlation-id`` kept where they are well formed, else both begin here.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        call = Call(
            tenant_id=None,
            principal_id=None,
            correlation_id=_correlation_id(headers.get("x-correlation-id", "")),
            traceparent=headers.get("traceparent"),
        )
        scope["purista.call"] = call

        async def send_named(message: "Message") -> None:
            if message["type"] == "http.response.start":
                named = MutableHeaders(scope=message)
                named["traceparent"] = call.traceparent or ""
                named["x-correlation-id"] = call.correlation_id or ""
            await send(message)

        await self._app(scope, receive, send_named)


def call_of(request: "Request") -> Call:
    """Give the trace and the correlation that a request belongs to."""
    call: Call = request.scope["purista.call"]
    return call


def _correlation_id(given: str) -> str | None:
    is_usable = 0 < len(given) <= _LONGEST_CORRELATION_ID and given.isascii() and given.isprintable()
    return given if is_usable else None


async def identity_of(request: "Request", authenticate: "Callable[..., Any] | None") -> Identity | None:
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
    if given is not None and not isinstance(given, Identity):
        raise DeclarationError(f"authenticate gave {type(given).__name__}; give an Identity, or None for nobody")
    return given


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
        HTTPException: 413, it has more than ``limit`` bytes; 415, it does not say that it is JSON in UTF-8.
    """
    declared = request.headers.get("content-length", "")
    # More digits than any body has bytes are not worth being turned into a number.
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    body = b"".join(parts)
    if body:
        _require_json(request.headers)
    return body


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body has more than the {limit} bytes that this route takes")


def _require_json(headers: Headers) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "send the body as it is, without a content encoding")
    media_type, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise HTTPException(415, "send the body as application/json")
    charset = next((value for value in parameters if value.startswith("charset=")), "charset=utf-8")
    if charset.removeprefix("charset=").strip('"') not in {"utf-8", "utf8", "us-ascii"}:
        raise HTTPException(415, "send the body in UTF-8")
