"""Answers over HTTP, whatever serves them: results, problem details of RFC 9457, accepted jobs."""

from typing import TYPE_CHECKING, Any, assert_never

from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.message.wire import format_json, parse_json
from purista_serverless.schema.codec import dump_any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from purista_serverless.builder.options import Route
    from purista_serverless.errors import HandledError
    from purista_serverless.model import Http

JSON = "application/json"
PROBLEM = "application/problem+json"

# What a client waits before it asks again, where nobody knows better, in seconds.
RETRY_AFTER = 1

_WITHOUT_BODY = frozenset({204, 205})


class Answer:
    """A response: its status, its headers with the content type among them, and its body, empty for none."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: "dict[str, str] | None" = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers if headers is not None else {}


def answer(outcome: Outcome, http: "Http | Route", *, trace_id: str | None) -> Answer:
    """Give the response for an outcome; the result goes out as the bytes that it was dumped to."""
    match outcome:
        case Success(value):
            return _success(value, http)
        case Rejected(error):
            return refusal(error, trace_id=trace_id)
        case BadInput(subject, problems):
            return problem(400, detail=f"{subject} is not valid", trace_id=trace_id, errors=problems)
        case Retry(delay, _):
            # Seconds, rounded up: who comes back too early is sent away again.
            wait = RETRY_AFTER if delay is None else max(-(-delay // 1000), RETRY_AFTER)
            return problem(503, trace_id=trace_id, headers={"Retry-After": str(wait)})
        case Failed():
            return problem(500, trace_id=trace_id)
        case Cancelled():
            return problem(499, trace_id=trace_id)
        case _:
            assert_never(outcome)


def _success(value: bytes | None, http: "Http | Route") -> Answer:
    if value is None or value == b"null":
        return Answer(http.status or 204)
    status = http.status or 200
    return Answer(status) if status in _WITHOUT_BODY else Answer(status, value, {"Content-Type": JSON})


def json_answer(value: Any, status: int = 200, headers: "Mapping[str, str] | None" = None) -> Answer:
    """Give a JSON value that nobody between here and the client may keep."""
    sent = {"Content-Type": JSON, "Cache-Control": "no-store", **(headers or {})}
    return Answer(status, format_json(value), sent)


def refusal(error: "HandledError", *, trace_id: str | None) -> Answer:
    """Give a refusal: the handler's own, or one from in front of it. Data that is no JSON makes it a failure."""
    try:
        details = None if error.data is None else parse_json(dump_any(error.data))
    except ValueError as unwritten:
        from purista_serverless.runtime.log import LOGGER

        LOGGER.error("trace %s: refused with data that is no JSON", trace_id, exc_info=unwritten)
        return problem(500, trace_id=trace_id)
    return problem(error.status, detail=error.message, trace_id=trace_id, details=details)


def problem(
    status: int,
    *,
    detail: str | None = None,
    trace_id: str | None = None,
    errors: "Sequence[Mapping[str, str]]" = (),
    details: Any = None,
    headers: "Mapping[str, str] | None" = None,
) -> Answer:
    """Give a refusal as problem details; upstream's members ``traceId``, ``errors`` and ``details`` go along.

    Args:
        status: The status.
        detail: What is wrong, for people.
        trace_id: Where operators find the rest.
        errors: One mapping per finding, with ``path`` (wire names) and ``message``.
        details: What a ``HandledError`` carries as data: any JSON value.
        headers: Further headers of the response.

    Example:
        >>> problem(404, detail="no such account").body
        b'{"type":"about:blank","title":"Not Found","status":404,"detail":"no such account"}'
    """
    title = title_of(status)
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "traceId": trace_id,
        "errors": list(errors) or None,
        "details": details,
    }
    sent = {"Content-Type": PROBLEM, **(headers or {})}
    if status == 401:
        sent.setdefault("WWW-Authenticate", "Bearer")
    if status == 503:
        sent.setdefault("Retry-After", str(RETRY_AFTER))
    return Answer(status, format_json({name: value for name, value in body.items() if value is not None}), sent)


def title_of(status: int) -> str:
    """Give the standard phrase of a status."""
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Closed Request" if status == 499 else f"Status {status}"
