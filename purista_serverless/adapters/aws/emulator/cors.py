"""Requests of web pages from other origins, answered as API Gateway answers them: pure."""

from collections.abc import Mapping
from typing import Any

Headers = tuple[tuple[str, str], ...]

_PREFIX = "access-control-"
# Member of ``CorsConfiguration`` by header, of answers to a preflight and of others.
_PREFLIGHT = {"allow-headers": "AllowHeaders", "allow-methods": "AllowMethods", "max-age": "MaxAge"}
_ANSWER = {"expose-headers": "ExposeHeaders"}


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Say whether a request asks for permission only; its headers have names in lower case."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def cors_headers(cors: Mapping[str, Any], origin: str | None, *, preflight: bool) -> Headers:
    """Give the headers for an origin; none if it may not call.

    Example:
        >>> cors_headers({"AllowOrigins": ["https://a.example"]}, "https://a.example", preflight=False)
        (('access-control-allow-origin', 'https://a.example'),)
    """
    allowed = cors.get("AllowOrigins", ())
    if origin is None or not ({origin, "*"} & set(allowed)):
        return ()
    headers = {"allow-origin": "*" if "*" in allowed else origin}
    if cors.get("AllowCredentials"):
        headers["allow-credentials"] = "true"
    for name, member in (_PREFLIGHT if preflight else _ANSWER).items():
        if cors.get(member):
            value = cors[member]
            headers[name] = ",".join(value) if isinstance(value, list) else str(value)
    return tuple((_PREFIX + name, value) for name, value in headers.items())


def without_cors(headers: Headers) -> Headers:
    """Leave out what a function says of it: API Gateway has the only word."""
    return tuple(pair for pair in headers if not pair[0].lower().startswith(_PREFIX))
