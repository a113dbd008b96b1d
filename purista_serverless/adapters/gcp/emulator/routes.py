"""HTTP of an application's commands, on one port of this machine."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.gcp.emulator.service import Service
from purista_serverless.adapters.gcp.emulator.tokens import unsigned
from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of a command.

    Attributes:
        method: ``POST``.
        path: ``/accounts/{accountId}/close``.
        service: What answers.
    """

    method: str
    path: str
    service: Service


class Routes(Door):
    """Hands requests to the functions whose routes they match; on Google each function has a URL of its own.

    No token is verified here. A function that Cloud Run guards takes every request that has an ``Authorization``
    header for one of ``identity``, and answers 401 without the header, or when there is no ``identity``.

    Args:
        routes: The routes.
        identity: Claims of whoever calls guarded functions.
        port: Where to listen, 0 for a free port.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, routes: Iterable[Route], *, identity: Mapping[str, Any] | None, port: int) -> None:
        super().__init__(port)
        # A path without parameters before one that has some.
        self._routes = [
            (route, re.compile(_pattern(route.path))) for route in sorted(routes, key=lambda one: one.path.count("{"))
        ]
        self._identity = identity

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        found = next((route for route, pattern in self._routes if _matches(route, pattern, request)), None)
        if found is None:
            return Answer(status=404, body=b'{"message": "no command has this route"}')
        if found.service.setup.invokers is None:
            return found.service.run(request)
        if self._identity is None or request.header("Authorization") is None:
            return Answer(status=401, body=b'{"message": "the request was not authenticated"}')
        return found.service.run(request.with_header("Authorization", f"Bearer {unsigned(self._identity)}"))


def _matches(route: Route, pattern: "re.Pattern[str]", request: Request) -> bool:
    return route.method == request.method and pattern.fullmatch(request.path) is not None


def _pattern(path: str) -> str:
    """Give the expression that matches a path.

    Example:
        >>> _pattern("/accounts/{accountId}/close")
        '/accounts/[^/]+/close'
    """
    return "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
