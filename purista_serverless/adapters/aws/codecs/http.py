"""Requests of HTTP APIs (payload formats 2.0 and 1.0), REST APIs and function URLs, and the answers that they take."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent
from purista_serverless.message.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a function URL's domain holds; it is the one door that routes nothing.
_FUNCTION_URL = ".lambda-url."


def decode(event: "Mapping[str, Any]") -> Request:
    """Read a request. Each kind has a context that names the method, or the method itself beside a resource.

    Raises:
        BadEvent: It is none of these, or not as the platform's documents say.
    """
    context = event.get("requestContext")
    if isinstance(context, dict) and "http" in context:
        return _decode_new(event, context)
    if isinstance(context, dict) and "httpMethod" in event and "resource" in event:
        return _decode_old(event, context)
    raise BadEvent("not a request of an HTTP API, a REST API or a function URL")


def _decode_new(event: "Mapping[str, Any]", context: "Mapping[str, Any]") -> Request:
    """Read payload format 2.0."""
    http = _object(context["http"], "requestContext.http")
    headers = _texts(event.get("headers"), "headers")
    if "cookies" in event:
        headers = {**headers, "cookie": "; ".join(_list_of_texts(event["cookies"], "cookies"))}
    is_routed = _FUNCTION_URL not in _text(context.get("domainName", ""), "requestContext.domainName")
    principal, claims = _caller(_object(context.get("authorizer") or {}, "authorizer"))
    return Request(
        method=_text(http.get("method"), "requestContext.http.method"),
        path=None if is_routed else _text(event.get("rawPath"), "rawPath"),
        values=_texts(event.get("pathParameters"), "pathParameters"),
        is_encoded=not is_routed,
        query=_text(event.get("rawQueryString", ""), "rawQueryString"),
        headers=headers,
        body=_body(event),
        principal=principal,
        claims=claims,
    )


def _decode_old(event: "Mapping[str, Any]", context: "Mapping[str, Any]") -> Request:
    """Read payload format 1.0, which REST APIs speak as well."""
    authorizer = _object(context.get("authorizer") or {}, "authorizer")
    principal, claims = _caller(authorizer)
    if principal is None:
        identity = _object(context.get("identity") or {}, "requestContext.identity")
        # An authoriser of one's own, or a signed request.
        principal = _known(authorizer.get("principalId")) or _known(identity.get("userArn"))
    return Request(
        method=_text(event["httpMethod"], "httpMethod"),
        path=None,
        values=_texts(event.get("pathParameters"), "pathParameters"),
        # Only an HTTP API names the version of the format.
        is_encoded="version" not in event,
        query=_many(event, "multiValueQueryStringParameters", "queryStringParameters"),
        headers={
            name.lower(): ", ".join(given) for name, given in _many(event, "multiValueHeaders", "headers").items()
        },
        body=_body(event),
        principal=principal,
        claims=claims,
    )


def _caller(authorizer: "Mapping[str, Any]") -> "tuple[str | None, Mapping[str, Any]]":
    """Give who sent a request and what is claimed of them: by a token, by a signature, or by an authoriser's word."""
    signed = authorizer.get("iam")
    if isinstance(signed, dict):
        return _known(signed.get("userArn")), signed
    token = authorizer.get("jwt")
    claims = token.get("claims") if isinstance(token, dict) else authorizer.get("claims") or authorizer.get("lambda")
    return (_known(claims.get("sub")), claims) if isinstance(claims, dict) else (None, authorizer)


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def encode(status: int, headers: "Mapping[str, str]", body: bytes) -> dict[str, Any]:
    """Give an answer as every kind of API takes it; bodies are JSON and so are text."""
    return {"statusCode": status, "headers": headers, "body": body.decode(), "isBase64Encoded": False}


def _body(event: "Mapping[str, Any]") -> bytes:
    body = event.get("body")
    if body is None:
        return b""
    text = _text(body, "body")
    try:
        if event.get("isBase64Encoded"):
            from binascii import a2b_base64

            return a2b_base64(text, strict_mode=True)
        return text.encode()
    except ValueError as error:
        raise BadEvent(f"not a request: 'body' cannot be read: {error}") from error


def _many(event: "Mapping[str, Any]", several: str, single: str) -> dict[str, list[str]]:
    """Give texts by name, from the member that lists all of them if it is there."""
    given = event.get(several)
    if given is None:
        return {name: [text] for name, text in _texts(event.get(single), single).items()}
    return {name: _list_of_texts(values, several) for name, values in _object(given, several).items()}


def _list_of_texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or any(not isinstance(text, str) for text in value):
        raise _refused(name, "texts")
    return value


def _texts(value: Any, name: str) -> "Mapping[str, str]":
    if value is None:
        return {}
    if not isinstance(value, dict) or any(not isinstance(text, str) for text in value.values()):
        raise _refused(name, "an object of texts")
    return value


def _object(value: Any, name: str) -> "Mapping[str, Any]":
    if not isinstance(value, dict):
        raise _refused(name, "an object")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _refused(name, "a text")
    return value


def _refused(name: str, expected: str) -> BadEvent:
    return BadEvent(f"not a request: {name!r} must be {expected}")
