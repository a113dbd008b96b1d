"""What goes wrong around a command, as problem details of RFC 9457."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.embedded.http_answers import response
from purista_serverless.errors import HandledError, PuristaServerlessError, Unavailable
from purista_serverless.runtime.http_answers import problem, refusal, title_of

if TYPE_CHECKING:
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response


def trace_id_of(request: "Request") -> str | None:
    """Give the id of the request's trace."""
    call = request.scope.get("purista.call")
    return call.trace_id if call is not None else None


async def on_http_exception(request: "Request", error: "HTTPException") -> "Response":
    """Answer a refusal that this surface itself raised: 404, 405, 413, 415 and the like."""
    detail = error.detail if error.detail != title_of(error.status_code) else None
    return response(problem(error.status_code, detail=detail, trace_id=trace_id_of(request), headers=error.headers))


async def on_handled_error(request: "Request", error: HandledError) -> "Response":
    """Answer a refusal from in front of a command: of the application's ``authenticate``, or of the request itself."""
    return response(refusal(error, trace_id=trace_id_of(request)))


async def on_error(request: "Request", error: Exception) -> "Response":
    """Answer what failed around a command; no detail leaves, the log has it."""
    from purista_serverless.runtime.log import LOGGER

    trace_id = trace_id_of(request)
    if isinstance(error, PuristaServerlessError):
        LOGGER.error("trace %s: %s %s failed", trace_id, request.method, request.url.path, exc_info=error)
    return response(problem(503 if isinstance(error, Unavailable) else 500, trace_id=trace_id))
