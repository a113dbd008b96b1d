"""HTTP requests as API Gateway hands them to functions, and functions' answers as it gives them back: pure."""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT
from purista_serverless.adapters.aws.emulator.resource import Route
from purista_serverless.adapters.aws.emulator.runtime_api import Answer

_TEXT = re.compile(r"(text/.*|application/(json|xml|javascript|.*\+json|.*\+xml|x-www-form-urlencoded)).*")
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")
_SERVER_ERROR = (500, (), b'{"message":"Internal Server Error"}')
_TIMED_OUT = (503, (), b'{"message":"Service Unavailable"}')

HttpAnswer = tuple[int, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came.

    Attributes:
        method: Its method.
        target: Its path with its query, as sent.
        headers: Its headers; a name may be there more than once.
        body: Its body.
        source: Address of who sent it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source: str

    @property
    def path(self) -> str:
        """Give the path, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def joined_headers(self) -> Mapping[str, str]:
        """Give the headers as API Gateway does: names in lower case, repeated ones joined, cookies left out."""
        return _joined((name, value) for name, value in self.headers if name.lower() != "cookie")


def match_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """Find the route of a request, the most specific one first, with the values of its path's parameters.

    Example:
        >>> route = Route(api="a", method="GET", path="/orders/{id}", target="f", authorization=None)
        >>> match_route([route], "GET", "/orders/7")[1]
        {'id': '7'}
    """
    # API Gateway's order: a method before ANY, a full path before one with parameters, a greedy one last.
    ordered = sorted(routes, key=lambda route: ("+}" in route.path, route.path.count("{"), route.method == "ANY"))
    for route in ordered:
        found = _pattern(route.path).fullmatch(path) if route.method in {method, "ANY"} else None
        if found is not None:
            return route, found.groupdict()
    return None


def _pattern(path: str) -> "re.Pattern[str]":
    parts = []
    end = 0
    for found in _PARAMETER.finditer(path):
        parts.append(re.escape(path[end : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        end = found.end()
    return re.compile("".join([*parts, re.escape(path[end:])]))


def event_of(
    request: Request,
    route: Route,
    parameters: Mapping[str, str],
    *,
    request_id: str,
    now: datetime,
    identity: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Give the event of an HTTP API, payload format 2.0.

    Args:
        request: The request.
        route: Its route.
        parameters: The values of its path's parameters.
        request_id: Id of the request.
        now: The time.
        identity: What the authoriser found out, where the route has one.
    """
    headers = dict(request.joined_headers)
    url = urlsplit(request.target)
    key = f"{route.method} {route.path}"
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": route.api,
        "domainName": headers.get("host", "localhost"),
        "domainPrefix": route.api,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": key,
        "stage": "$default",
        "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if route.authorization is not None and identity is not None:
        context["authorizer"] = _authorizer(route, identity)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": request.path,
        "rawQueryString": url.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    cookies = [value for name, value in request.headers if name.lower() == "cookie"]
    optional = {
        "cookies": [cookie.strip() for value in cookies for cookie in value.split(";")],
        "queryStringParameters": _joined(parse_qsl(url.query, keep_blank_values=True), lower=False),
        "pathParameters": dict(parameters),
    }
    event |= {name: value for name, value in optional.items() if value}
    return event | _body(request, headers)


def answer_of(answer: Answer) -> HttpAnswer:
    """Give status, headers and body of a function's answer, by the rules of payload format 2.0."""
    if answer.error_type is not None:
        return _TIMED_OUT if answer.error_type == "Sandbox.Timedout" else _SERVER_ERROR
    result = json.loads(answer.payload or b"null")
    if not isinstance(result, dict) or "statusCode" not in result:
        # Anything else is the body of a success.
        return 200, (("content-type", "application/json"),), answer.payload
    try:
        headers = tuple((str(name), _header(value)) for name, value in (result.get("headers") or {}).items())
        cookies = tuple(("set-cookie", str(cookie)) for cookie in result.get("cookies") or ())
        body = result.get("body") or ""
        content = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else str(body).encode()
        return int(result["statusCode"]), (*headers, *cookies), content
    except (ValueError, TypeError, AttributeError):
        return _SERVER_ERROR


def _header(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _joined(pairs: Iterable[tuple[str, str]], *, lower: bool = True) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower() if lower else name
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _authorizer(route: Route, identity: Mapping[str, Any]) -> dict[str, Any]:
    if route.authorization == "iam":
        return {"iam": dict(identity)}
    # API Gateway hands on every claim as text, lists in brackets.
    claims = {name: _claim(value) for name, value in identity.items()}
    return {"jwt": {"claims": claims, "scopes": None}}


def _claim(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{' '.join(map(str, value))}]"
    return _header(value)


def _body(request: Request, headers: Mapping[str, str]) -> dict[str, Any]:
    if not request.body:
        return {}
    if _TEXT.fullmatch(headers.get("content-type", "text/plain")):
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}
