"""Deliver a command to a function on Lambda as a request: raw events of each kind of API, and what it answers."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from purista_serverless.adapters.aws.constants import TENANT_CLAIM
from purista_serverless.message import Message
from purista_serverless.testing.contracts.host import Case, Reply, RequestParts, request_of, response_of
from tests.contracts.hosting_aws_host import LambdaHost
from tests.unit.aws.wire import load

CLAIM = "custom:tenant"

# Gives the raw event of a request.
RawRequest = Callable[[RequestParts], Any]


def deliver_request(case: Case, raw: RawRequest) -> Reply:
    """Deliver a command as a request and give what came of it."""
    host = LambdaHost(case, environment={TENANT_CLAIM: CLAIM})
    answer = host.start(raw(request_of(case)))
    return host.reply(response=read_answer(json.loads(json.dumps(answer))))


def read_answer(answer: Any) -> Message:
    """Read an answer as API Gateway does: a status, headers that are texts, and a body that is text."""
    assert answer.keys() == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert all(isinstance(text, str) for text in answer["headers"].values())
    assert answer["isBase64Encoded"] is False
    headers = {name.lower(): text for name, text in answer["headers"].items()}
    return response_of(answer["statusCode"], headers, answer["body"].encode())


def http_api(request: RequestParts) -> Any:
    """Give a request to an HTTP API in payload format 2.0, whose JWT authoriser knows the caller."""
    event = load("http_api_v2_jwt")
    route = f"POST {request.path}"
    context = event["requestContext"]
    context["http"] |= {"path": request.path}
    context["routeKey"] = route
    context["authorizer"]["jwt"]["claims"] |= _claims(request)
    return {
        **_without(event, "pathParameters"),
        "routeKey": route,
        "rawPath": request.path,
        "headers": event["headers"] | request.headers,
        "body": request.body.decode(),
    }


def http_api_old_format(request: RequestParts) -> Any:
    """Give a request to an HTTP API in payload format 1.0."""
    event = load("http_api_v1_jwt")
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= _claims(request)
    return _old_format(event, request)


def rest_api(request: RequestParts) -> Any:
    """Give a request to a REST API, whose authoriser of user pools knows the caller."""
    event = load("rest_api_v1_cognito")
    event["requestContext"]["authorizer"]["claims"] |= _claims(request)
    return _old_format(event, request)


def function_url(request: RequestParts) -> Any:
    """Give a request to a function URL without an authoriser: the application itself knows the caller."""
    event = load("function_url_public")
    event["requestContext"]["http"] |= {"path": request.path}
    token = f"Bearer {request.principal_id}@{request.tenant_id}"
    return {
        **_without(event, "queryStringParameters"),
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": {**event["headers"], **request.headers, "authorization": token},
        "body": b64encode(request.body).decode(),
        "isBase64Encoded": True,
    }


def _old_format(event: Any, request: RequestParts) -> Any:
    context = event["requestContext"]
    context |= {"resourcePath": request.path, "path": f"/prod{request.path}"}
    headers = {**event["headers"], **{name.title(): text for name, text in request.headers.items()}}
    return {
        **event,
        "resource": request.path,
        "path": request.path,
        "headers": headers,
        "multiValueHeaders": {name: [text] for name, text in headers.items()},
        "pathParameters": None,
        "body": request.body.decode(),
    }


def _claims(request: RequestParts) -> dict[str, str]:
    return {"sub": request.principal_id, CLAIM: request.tenant_id}


def _without(event: Any, member: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != member}
