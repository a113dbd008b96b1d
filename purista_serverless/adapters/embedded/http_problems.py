"""Refusals over HTTP: problem details of RFC 9457."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from purista_serverless.errors import HandledError, PuristaServerlessError, Unavailable
from purista_serverless.schema.codec import dump_any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.exceptions import HTTPException
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"

# What a client waits before it asks again, where nobody knows better, in seconds.
RETRY_AFTER = 1


def problem(
    status: int,
    *,
    detail: str | None = None,
    trace_id: str | None = None,
    errors: "Sequence[Mapping[str, str]]" = (),
    details: Any = None,
    headers: "Mapping[str, str] | None" = None,
) -> Response:
    """Give a refusal as problem details; upstream's members ``traceId``, ``errors`` and ``details`` go along.

    Args:
        status: The status.
        detail: What is wrong, for people.
        trace_id: Where operators find the rest.
        errors: One mapping per finding, with ``path`` (wire names) and ``message``.
        details: What a ``HandledError`` carries as data: any JSON value, or what becomes one.
        headers: Further headers of the response.

    Raises:
        ValueError: A part of the details, or a text, has no JSON form.
    """
    body = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "traceId": trace_id,
        "errors": list(errors) or None,
        "details": details,
    }
    sent = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        sent.setdefault("WWW-Authenticate", "Bearer")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent.setdefault("Retry-After", str(RETRY_AFTER))
    shown = {name: value for name, value in body.items() if value is not None}
    return Response(dump_any(shown), status, sent, MEDIA_TYPE)


def trace_id_of(request: "Request") -> str | None:
    """Give the id of the request's trace."""
    call = request.scope.get("purista.call")
    return call.trace_id if call is not None else None


async def on_http_exception(request: "Request", error: "HTTPException") -> Response:
    """Answer a refusal that this surface itself raised: 404, 405, 413, 415 and the like."""
    detail = error.detail if error.detail != _title(error.status_code) else None
    return problem(error.status_code, detail=detail, trace_id=trace_id_of(request), headers=error.headers)


async def on_handled_error(request: "Request", error: HandledError) -> Response:
    """Answer a refusal that the application's ``authenticate`` raised."""
    return problem(error.status, detail=error.message, trace_id=trace_id_of(request), details=error.data)


async def on_error(request: "Request", error: Exception) -> Response:
    """Answer what failed around a command; no detail leaves, the log has it."""
    from purista_serverless.runtime.log import LOGGER

    trace_id = trace_id_of(request)
    if isinstance(error, PuristaServerlessError):
        LOGGER.error("trace %s: %s %s failed", trace_id, request.method, request.url.path, exc_info=error)
    return problem(503 if isinstance(error, Unavailable) else 500, trace_id=trace_id)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Closed Request" if status == 499 else f"Status {status}"
