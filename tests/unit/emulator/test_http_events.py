"""Requests and answers have the form that API Gateway documents for payload format 2.0."""

import base64
import json
from datetime import UTC, datetime

import pytest

from purista_serverless.adapters.aws.emulator.cors import cors_headers, is_preflight, without_cors
from purista_serverless.adapters.aws.emulator.http_events import Request, answer_of, event_of, match_route
from purista_serverless.adapters.aws.emulator.resource import Route
from purista_serverless.adapters.aws.emulator.runtime_api import Answer


def route(method: str = "POST", path: str = "/orders/{id}", authorization=None) -> Route:
    """Make a route."""
    return Route(api="api", method=method, path=path, target="f", authorization=authorization)


def event(*headers, target="/orders/7", body=b"", authorization=None, identity=None):
    """Make the event of a request."""
    request = Request(method="POST", target=target, headers=headers, body=body, source="127.0.0.1")
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return event_of(
        request, route(authorization=authorization), {"id": "7"}, request_id="r", now=now, identity=identity
    )


def test_an_event_holds_the_request():
    """Path, query, headers, cookies and time are where functions look for them; repeated names are joined."""
    made = event(
        ("X-One", "1"), ("x-one", "2"), ("Cookie", "a=1; b=2"), ("Content-Type", "application/json"),
        target="/orders/7?a=1&a=2&b=", body=b'{"sku": "tea"}',
    )  # fmt: skip

    assert (made["version"], made["routeKey"], made["rawPath"]) == ("2.0", "POST /orders/{id}", "/orders/7")
    assert made["rawQueryString"] == "a=1&a=2&b="
    assert made["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert made["headers"] == {"x-one": "1,2", "content-type": "application/json"}
    assert made["cookies"] == ["a=1", "b=2"]
    assert made["pathParameters"] == {"id": "7"}
    assert (made["body"], made["isBase64Encoded"]) == ('{"sku": "tea"}', False)
    assert made["requestContext"]["http"]["method"] == "POST"
    assert made["requestContext"]["timeEpoch"] == 1767323045000
    assert "authorizer" not in made["requestContext"]


def test_what_is_not_there_has_no_member():
    """Without body, query and cookies an event has no members for them."""
    assert not {"body", "cookies", "queryStringParameters"} & event().keys()


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/png", "application/json"])
def test_bytes_that_are_no_text_are_encoded(content_type):
    """A body of another type than text, or that is no UTF-8, comes as base64."""
    made = event(("content-type", content_type), body=b"\xff\x00")

    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"]) == b"\xff\x00"


def test_claims_are_text():
    """A JWT authoriser hands on every claim as text, lists in brackets; an IAM one as it is."""
    identity = {"sub": "me", "groups": ["a", "b"], "admin": True, "exp": 1}
    jwt = event(authorization="jwt", identity=identity)["requestContext"]["authorizer"]
    iam = event(authorization="iam", identity={"userArn": "arn"})["requestContext"]["authorizer"]

    assert jwt == {"jwt": {"claims": {"sub": "me", "groups": "[a b]", "admin": "true", "exp": "1"}, "scopes": None}}
    assert iam == {"iam": {"userArn": "arn"}}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/orders/7", "/orders/{id}"),
        ("POST", "/orders/open", "/orders/open"),
        ("POST", "/orders/7/lines/8", "/orders/{rest+}"),
        ("GET", "/orders/7", "ANY"),
        ("GET", "/nowhere", None),
        ("POST", "/orders/", None),
    ],
)
def test_the_most_specific_route_answers(method, path, expected):
    """A full path goes before parameters, those before a greedy one, and a method before ``ANY``."""
    routes = [
        route(path="/orders/{rest+}"),
        route(path="/orders/{id}"),
        route(path="/orders/open"),
        route(method="ANY", path="/orders/{any}"),
    ]
    found = match_route(routes, method, path)

    assert (found and (found[0].path if found[0].method != "ANY" else "ANY")) == expected


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"statusCode": 201, "headers": {"x": 1}, "body": "done"}, (201, (("x", "1"),), b"done")),
        ({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}, (200, (), b"\xff\x00")),
        ({"statusCode": 204, "cookies": ["a=1", "b=2"]}, (204, (("set-cookie", "a=1"), ("set-cookie", "b=2")), b"")),
        ({"sku": "tea"}, (200, (("content-type", "application/json"),), b'{"sku": "tea"}')),
        ({"statusCode": "no"}, (500, (), b'{"message":"Internal Server Error"}')),
        ({"statusCode": 200, "body": "?", "isBase64Encoded": True}, (500, (), b'{"message":"Internal Server Error"}')),
    ],
)
def test_a_result_becomes_a_response(result, expected):
    """A response object is taken as it is, anything else is the body of a success, and nonsense is an error."""
    assert answer_of(Answer(payload=json.dumps(result).encode())) == expected


@pytest.mark.parametrize(("error_type", "status"), [("Unhandled", 500), ("Sandbox.Timedout", 503)])
def test_an_error_becomes_a_response_that_tells_nothing(error_type, status):
    """What a function raised stays inside."""
    found, _, body = answer_of(Answer(payload=b'{"errorMessage": "secret"}', error_type=error_type))

    assert found == status
    assert b"secret" not in body


CORS = {
    "AllowOrigins": ["https://a.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["authorization"],
    "ExposeHeaders": ["location"],
    "AllowCredentials": True,
    "MaxAge": 600,
}


def test_a_preflight_tells_what_is_allowed():
    """Only a preflight is answered so, and only to an origin that may call."""
    headers = {"origin": "https://a.example", "access-control-request-method": "POST"}

    assert is_preflight("OPTIONS", headers)
    assert not is_preflight("POST", headers)
    assert dict(cors_headers(CORS, "https://a.example", preflight=True)) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "authorization",
        "access-control-allow-methods": "GET,POST",
        "access-control-max-age": "600",
    }
    assert cors_headers(CORS, "https://b.example", preflight=True) == ()


def test_the_api_has_the_only_word_on_origins():
    """Headers of a function about origins are left out."""
    headers = (("x", "1"), ("Access-Control-Allow-Origin", "*"))

    assert without_cors(headers) == (("x", "1"),)
    assert dict(cors_headers(CORS, "https://a.example", preflight=False))["access-control-expose-headers"] == "location"
