"""Commands that come as HTTP requests: a case as a request, and an answer as the reply that the suite reads.

A host's class makes a raw request of its platform from ``RequestParts``, gives it to its entry, and hands what the
entry answered to ``response_of``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.message import COMMAND_ERROR, COMMAND_SUCCESS, Message
from purista_serverless.message.wire import format_json, parse_json
from purista_serverless.testing.contracts.host.application import ROUTES
from purista_serverless.testing.contracts.host.case import Case
from purista_serverless.testing.contracts.host.needs import Need

# What no request carries, whatever the platform.
REQUEST_LACKS: Mapping[Need, str] = {
    "jobs": "A request is answered by a command.",
    "events": "A request is answered by a command.",
    "ids": "A request is no message yet: the host makes one of it, with an id of its own.",
    "envelopes": "The answer is the result or a problem, and names no parties.",
}

_PROBLEM = "application/problem+json"
_MEMBERS = {"type", "title", "status", "detail", "traceId", "errors", "details"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """A command message as a client would ask for it.

    Attributes:
        path: The path; the method is ``POST``.
        headers: The headers, by lower-case name.
        body: The body.
        principal_id: Who asks, for the platform's authoriser or the application's ``authenticate`` to say.
        tenant_id: For which tenant.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    principal_id: str
    tenant_id: str


def request_of(case: Case) -> RequestParts:
    """Give the request for the only record of a case, which is a command message."""
    (record,) = case.records
    message = Message.decode(record.body)
    headers = {"content-type": "application/json", "traceparent": message.traceparent or ""}
    if message.correlation_id is not None:
        headers["x-correlation-id"] = message.correlation_id
    assert message.principal_id is not None
    assert message.tenant_id is not None
    return RequestParts(
        path=ROUTES[case.edge],
        headers=headers,
        body=_raw(message.payload),
        principal_id=message.principal_id,
        tenant_id=message.tenant_id,
    )


def response_of(status: int, headers: Mapping[str, str], body: bytes) -> Message:
    """Read an answer as a response to a command; nothing in it is passed over.

    Args:
        status: The status.
        headers: The headers, by lower-case name.
        body: The body.
    """
    is_success = status < 400
    return Message(
        id="",
        timestamp=0,
        message_type=COMMAND_SUCCESS if is_success else COMMAND_ERROR,
        payload=_raw(parse_json(body) if is_success else _error(status, headers, body)),
        correlation_id=headers["x-correlation-id"],
        traceparent=headers["traceparent"],
    )


def _error(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Give a problem as a response's envelope tells it."""
    problem = parse_json(body)
    assert headers["content-type"] == _PROBLEM
    assert problem["status"] == status
    assert problem.keys() <= _MEMBERS
    error = {"status": status, "message": problem.get("detail", problem["title"]), "traceId": problem["traceId"]}
    data = problem.get("errors", problem.get("details"))
    if status == 503 and data is None:
        data = {"retryAfterMs": 1000 * int(headers["retry-after"])}
    return error if data is None else {**error, "data": data}


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else format_json(value)
