"""The parts of an OpenAPI document that are the same for every application: problems, headers, jobs."""

from http import HTTPStatus
from typing import Any

from purista_serverless.model import Application, Queue

REFUSALS = "#/components/responses/"
_HEADERS = "#/components/headers/"
_SCHEMAS = "#/components/schemas/"

HEADERS: dict[str, Any] = {name: {"$ref": f"{_HEADERS}{name}"} for name in ("traceparent", "x-correlation-id")}

_REFUSED = {
    400: "The request does not match its schema; `errors` names each field as it is on the wire.",
    401: "Nobody is known to have sent the request.",
    404: "There is no such job, or it was enqueued by somebody else.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    500: "The command failed; what went wrong stays inside.",
    503: "Try again after the time in `Retry-After`.",
    504: "The command did not answer in time; whether it happens is not known.",
}


def refusal(status: int) -> dict[str, Any]:
    """Refer to the response for a status that the surface itself answers with."""
    return {"$ref": f"{REFUSALS}{_name(status)}"}


def _name(status: int) -> str:
    # Python 3.13 renamed 413; a document is the same under every version.
    return "ContentTooLarge" if status == 413 else HTTPStatus(status).phrase.title().replace(" ", "")


def _problem(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {**HEADERS, **(headers or {})},
        "content": {"application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
    }


def _header(description: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": schema}


_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_CHALLENGE = {"WWW-Authenticate": _header("How to say who asks.", _TEXT)}
_WAIT = {"Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1})}
_STATUSES = ["queued", "running", "success", "dead-lettered", "cancelled"]

_ACCEPTED: dict[str, Any] = {
    "type": "object",
    "required": ["jobId", "status", "queueName"],
    "properties": {
        "jobId": _TEXT,
        "status": {"const": "queued"},
        "queueName": _TEXT,
        "statusUrl": {"type": "string", "format": "uri-reference"},
        "streamUrl": {"type": "string", "format": "uri-reference"},
    },
}
_JOB: dict[str, Any] = {
    "type": "object",
    "required": ["jobId", "status", "queueName", "attempt", "updatedAt"],
    "properties": {
        "jobId": _TEXT,
        "status": {"enum": _STATUSES},
        "queueName": _TEXT,
        "attempt": {**_NUMBER, "description": "Runs that have started."},
        "updatedAt": {**_NUMBER, "description": "Milliseconds since the epoch."},
        "progress": {"description": "What the worker told last."},
        "result": {"description": "What the worker returned."},
        "statusUrl": {"type": "string", "format": "uri-reference"},
    },
}
# One event of the stream, as OpenAPI 3.2 has it: its fields, of which the data is JSON in a text.
_JOB_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["status", "progress"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"{_SCHEMAS}JobStatus"},
        },
    },
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details as in RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "traceId": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {**_TEXT, "description": "Wire names, joined by dots."}, "message": _TEXT},
            },
        },
        "details": {"description": "What the handler adds."},
    },
}
_LINKED = {"queue": "$response.body#/queueName", "jobId": "$response.body#/jobId"}

COMPONENTS: dict[str, Any] = {
    "headers": {
        "traceparent": _header("The request's trace, as in W3C Trace Context.", _TEXT),
        "x-correlation-id": _header("What all messages that the request causes have in common.", _TEXT),
    },
    "responses": {
        **{
            _name(status): _problem(text, {401: _CHALLENGE, 503: _WAIT}.get(status))
            for status, text in _REFUSED.items()
        },
        "Refused": _problem("The command refused; the status is its own."),
        "Accepted": {
            "description": "A job was enqueued.",
            "headers": {**HEADERS, "Location": _header("Where its status is found.", _TEXT)},
            "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}AcceptedJob"}}},
            "links": {"status": {"operationId": "jobStatus", "parameters": _LINKED}},
        },
    },
    "schemas": {"AcceptedJob": _ACCEPTED, "JobEvent": _JOB_EVENT, "JobStatus": _JOB, "Problem": _PROBLEM},
}


def job_paths(application: Application) -> dict[str, Any]:
    """Give the paths under which accepted jobs are asked for; none if no command answers 202."""
    accepting = [command for command in application.commands if command.http and command.http.mode == "async"]
    names = {command.handler.can_enqueue[0] for command in accepting if command.handler is not None}
    queues = [queue for queue in application.queues if queue.name in names]
    if not queues:
        return {}
    is_private = any(command.http and not command.http.public for command in accepting)
    is_public = any(command.http and command.http.public for command in accepting)
    security = [*([{"caller": list[str]()}] if is_private else []), *([dict[str, Any]()] if is_public else [])]
    json = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}JobStatus"}}}
    events = {"text/event-stream": {"schema": {"$ref": f"{_SCHEMAS}JobEvent"}}}
    return {
        "/jobs/{queue}/{jobId}": {
            "get": _job_operation("jobStatus", "Tell status, progress and result of a job", queues, json, security)
        },
        "/jobs/{queue}/{jobId}/events": {
            "get": _job_operation("jobEvents", "Follow a job until it has ended", queues, events, security)
        },
    }


def _job_operation(
    name: str, summary: str, queues: list[Queue], content: dict[str, Any], security: list[Any]
) -> dict[str, Any]:
    queue = {"name": "queue", "in": "path", "required": True, "schema": {"enum": [each.name for each in queues]}}
    job_id = {"name": "jobId", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["jobs"],
        "parameters": [queue, job_id],
        "responses": {
            "200": {"description": "The job, as it is now.", "headers": HEADERS, "content": content},
            **{str(status): refusal(status) for status in (401, 404, 500, 503)},
        },
        "security": security,
    }
