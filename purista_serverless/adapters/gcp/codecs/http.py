"""Requests to a Cloud Run function: nobody has routed them, and of who sent them only a token tells."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs.headers import headers_of
from purista_serverless.message.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def decode(environ: "Mapping[str, Any]", body: bytes, *, principal: str | None, claims: "Mapping[str, Any]") -> Request:
    """Read a request as WSGI has it.

    Args:
        environ: WSGI's variables.
        body: Its body.
        principal: Who the platform knows to have sent it; ``None`` for nobody.
        claims: What is claimed of them.
    """
    return Request(
        method=environ.get("REQUEST_METHOD", ""),
        path=_path_of(environ),
        values={},
        is_encoded=True,
        query=environ.get("QUERY_STRING", ""),
        headers=headers_of(environ),
        body=body,
        principal=principal,
        claims=claims,
    )


def _path_of(environ: "Mapping[str, Any]") -> str:
    """Give the path as it was sent: in WSGI's own, decoded one a slash may be part of a value."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if isinstance(raw, str) and raw.startswith("/"):
        return raw.partition("?")[0]
    # The bytes of the path, each as the character of its number.
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in path)
