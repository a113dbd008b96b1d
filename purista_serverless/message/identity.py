"""Who sends an HTTP request, and what may be looked at to tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Name who asks: what ``Application(authenticate=...)`` gives. Nothing else sets tenant and principal.

    Attributes:
        principal_id: The person or program that asks.
        tenant_id: The customer on whose data it works, where there are several.
    """

    principal_id: str
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What ``Application(authenticate=...)`` is given of a request; never its body.

    Attributes:
        method: ``POST`` for instance.
        path: Path below the prefix that the application is mounted under.
        headers: Headers by lower-case name; values of repeated ones are joined by ``", "``.
        query: Values of each query parameter, in order.

    Example:
        >>> HttpRequest(method="GET", path="/", headers={"authorization": "Bearer abc"}).bearer_token
        'abc'
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def bearer_token(self) -> str | None:
        """Give the token of the ``Authorization: Bearer`` header; ``None`` if there is none."""
        scheme, _, token = self.headers.get("authorization", "").strip().partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None
