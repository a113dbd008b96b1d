"""Requests to a command's function, from whoever may reach it."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs import http
from purista_serverless.runtime import gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.options import Route
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

    Reply = tuple[bytes, int, dict[str, str]]


class Gateway(gateway.Gateway):
    """Answer requests with a command.

    Args:
        function: The command's function.
        route: Its exposure.
        ports: The ways out of its handler.
        tenant_claim: The claim of a caller's token that names the tenant; ``None`` for an application without tenants.
        authenticate: Tells who sent a request that the platform has let through unchecked.
        is_open: The platform lets everybody through, so that a token is no proof.
    """

    __slots__ = ("_is_trusting",)

    def __init__(  # noqa: PLR0917 - what the core's takes, and one more
        self,
        function: "Function",
        route: "Route",
        ports: "Ports",
        tenant_claim: str | None,
        authenticate: "Callable[..., Any] | None",
        is_open: bool,  # noqa: FBT001
    ) -> None:
        super().__init__(function, route, ports, tenant_claim, authenticate)
        self._is_trusting = not is_open and not route.public

    def handle(self, environ: "Mapping[str, Any]", body: bytes) -> "Reply":
        """Answer one request, with a problem whatever goes wrong."""
        principal, claims = self._caller(environ)
        answered = self.respond(http.decode(environ, body, principal=principal, claims=claims))
        return answered.body, answered.status, answered.headers

    def _caller(self, environ: "Mapping[str, Any]") -> "tuple[str | None, Mapping[str, Any]]":
        if not self._is_trusting:
            return None, {}
        from purista_serverless.adapters.gcp.identity import caller_of

        return caller_of(environ)
