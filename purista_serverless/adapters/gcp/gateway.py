"""Requests to a command's function, from whoever may reach it."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs import http
from purista_serverless.adapters.gcp.constants import CORS, TENANT_CLAIM, URL
from purista_serverless.runtime import gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.gcp.cors import Cors
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
        environment: The function's variables.
        authenticate: Tells who sent a request that the platform has let through unchecked.
    """

    __slots__ = ("_cors", "_is_trusting")

    def __init__(
        self,
        function: "Function",
        route: "Route",
        ports: "Ports",
        environment: "Mapping[str, str]",
        authenticate: "Callable[..., Any] | None",
    ) -> None:
        super().__init__(function, route, ports, environment.get(TENANT_CLAIM), authenticate)
        # Where the platform lets everybody through, a token is no proof.
        self._is_trusting = not environment.get(URL) and not route.public
        self._cors = _cors(route, environment)

    def handle(self, environ: "Mapping[str, Any]", body: bytes) -> "Reply":
        """Answer one request, with a problem whatever goes wrong."""
        permission = self._cors.preflight(environ) if self._cors is not None else None
        if permission is not None:
            return b"", 204, permission
        principal, claims = self._caller(environ)
        answered = self.respond(http.decode(environ, body, principal=principal, claims=claims))
        if self._cors is not None:
            answered.headers.update(self._cors.headers(environ))
        return answered.body, answered.status, answered.headers

    def _caller(self, environ: "Mapping[str, Any]") -> "tuple[str | None, Mapping[str, Any]]":
        if not self._is_trusting:
            return None, {}
        from purista_serverless.adapters.gcp.identity import caller_of

        return caller_of(environ)


def _cors(route: "Route", environment: "Mapping[str, str]") -> "Cors | None":
    declared = environment.get(CORS)
    if not declared:
        return None
    from purista_serverless.adapters.gcp.cors import Cors

    return Cors(declared, route.method)
