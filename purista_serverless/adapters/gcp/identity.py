"""Who sent a request that Cloud Run's own access control has let through: what their token says.

Cloud Run has verified the token, and passes it on without its signature.
"""

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where both are given, Cloud Run looks at the first one only.
_HEADERS = ("HTTP_X_SERVERLESS_AUTHORIZATION", "HTTP_AUTHORIZATION")

_BASE64 = str.maketrans("-_", "+/")


def caller_of(environ: "Mapping[str, Any]") -> "tuple[str | None, Mapping[str, Any]]":
    """Give the address of the caller, else their id, and what their token claims; ``None`` for nobody.

    Args:
        environ: WSGI's variables of the request.

    Example:
        >>> caller_of({"HTTP_AUTHORIZATION": "Bearer e30.eyJzdWIiOiAiMTE3In0."})
        ('117', {'sub': '117'})
    """
    header = next((environ[name] for name in _HEADERS if name in environ), "")
    claims = _claims_in(header)
    principal = claims.get("email") or claims.get("sub")
    return (principal if isinstance(principal, str) else None), claims


def _claims_in(header: str) -> "Mapping[str, Any]":
    scheme, _, token = header.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return {}
    text = parts[1].translate(_BASE64)
    try:
        claims = parse_json(a2b_base64(text + "=" * (-len(text) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
