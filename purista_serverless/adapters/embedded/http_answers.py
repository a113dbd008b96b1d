"""From the outcome of a command to its HTTP response."""

from typing import TYPE_CHECKING, Any, assert_never

from starlette.responses import Response

from purista_serverless.adapters.embedded.http_problems import RETRY_AFTER, problem
from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.model import Http

_JSON = "application/json"
_WITHOUT_BODY = frozenset({204, 205})


def answer(outcome: Outcome, http: "Http", *, trace_id: str | None) -> Response:
    """Give the response for an outcome; the result goes out as the bytes that it was dumped to."""
    match outcome:
        case Success(value):
            return _success(value, http)
        case Rejected(error):
            return problem(error.status, detail=error.message, trace_id=trace_id, details=error.data)
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


def _success(value: bytes | None, http: "Http") -> Response:
    if value is None or value == b"null":
        return Response(status_code=http.status or 204)
    status = http.status or 200
    return Response(status_code=status) if status in _WITHOUT_BODY else Response(value, status, media_type=_JSON)


def json_answer(value: Any, status: int = 200, headers: "Mapping[str, str] | None" = None) -> Response:
    """Give a JSON value that nobody between here and the client may keep."""
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return Response(format_json(value), status, sent, _JSON)
