"""A request to a command, read by an adapter and not yet looked at."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Request:
    """A request.

    Attributes:
        method: ``POST`` for instance.
        path: Its path, where nobody has routed it; ``None`` behind a router of the platform's.
        values: What the placeholders of the route's path were given, by name, where somebody has routed it.
        is_encoded: Path and values are still percent-encoded; some platforms decode them.
        query: The query as it came, or its decoded values by name.
        headers: Headers by lower-case name; values of repeated ones are joined by ``", "``.
        body: The body.
        principal: Who the platform's authoriser says sent it; ``None`` for nobody.
        claims: What the authoriser says besides.
    """

    __slots__ = ("body", "claims", "headers", "is_encoded", "method", "path", "principal", "query", "values")

    def __init__(
        self,
        *,
        method: str,
        path: str | None,
        values: "Mapping[str, str]",
        is_encoded: bool,
        query: "str | Mapping[str, list[str]]",
        headers: "Mapping[str, str]",
        body: bytes,
        principal: str | None,
        claims: "Mapping[str, Any]",
    ) -> None:
        self.method = method
        self.path = path
        self.values = values
        self.is_encoded = is_encoded
        self.query = query
        self.headers = headers
        self.body = body
        self.principal = principal
        self.claims = claims

    def header(self, name: str) -> str:
        """Give a header by its lower-case name, empty if there is none."""
        return self.headers.get(name, "")
