"""Requests of web pages from other origins: nothing in front of an open function answers browsers in its place."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What pages may send and read besides what the application names.
_ALLOWED = ("authorization", "content-type", "traceparent", "x-correlation-id")
_EXPOSED = "location,retry-after,traceparent,x-correlation-id"


class Cors:
    """Say which web pages may call a function.

    Args:
        text: What the application has declared, as JSON: ``origins``, ``headers``, ``credentials``, and ``maxAge`` in
            seconds.
        method: The only method of the function's route.

    Example:
        >>> cors = Cors('{"origins": ["https://shop.example"]}', "POST")
        >>> cors.headers({"HTTP_ORIGIN": "https://shop.example"})["Access-Control-Allow-Origin"]
        'https://shop.example'
    """

    __slots__ = ("_allowed", "_credentials", "_max_age", "_method", "_origins")

    def __init__(self, text: str, method: str) -> None:
        declared: dict[str, Any] = json.loads(text)
        self._origins = frozenset(declared["origins"])
        self._allowed = ",".join((*_ALLOWED, *declared.get("headers", ())))
        self._credentials = bool(declared.get("credentials"))
        self._max_age = str(declared.get("maxAge", 0))
        self._method = method

    def headers(self, environ: "Mapping[str, Any]") -> dict[str, str]:
        """Give the headers by which an answer may be read by the page that asked, where it may.

        Args:
            environ: WSGI's variables of the request.
        """
        origin = environ.get("HTTP_ORIGIN")
        # What is kept on the way for one origin, or for none, is not for another.
        varying = {} if "*" in self._origins else {"Vary": "Origin"}
        if not origin or not ({origin, "*"} & self._origins):
            return varying
        found = {"Access-Control-Allow-Origin": "*" if "*" in self._origins else origin, **varying}
        if self._credentials:
            found["Access-Control-Allow-Credentials"] = "true"
        return {**found, "Access-Control-Expose-Headers": _EXPOSED}

    def preflight(self, environ: "Mapping[str, Any]") -> dict[str, str] | None:
        """Give the headers of the answer to a browser that asks for permission; ``None`` for any other request."""
        if environ.get("REQUEST_METHOD") != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
            return None
        found = self.headers(environ)
        if found.pop("Access-Control-Expose-Headers", None) is None:
            return found
        return {
            **found,
            "Access-Control-Allow-Methods": self._method,
            "Access-Control-Allow-Headers": self._allowed,
            "Access-Control-Max-Age": self._max_age,
        }
