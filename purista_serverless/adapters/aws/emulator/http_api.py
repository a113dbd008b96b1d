"""HTTP APIs of a stack, on a port of this machine."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

from purista_serverless.adapters.aws.emulator.cors import cors_headers, is_preflight, without_cors
from purista_serverless.adapters.aws.emulator.functions import Functions
from purista_serverless.adapters.aws.emulator.http_events import HttpAnswer, Request, answer_of, event_of, match_route
from purista_serverless.adapters.aws.emulator.resource import HttpApi, Integration, Part, Route
from purista_serverless.emulation.clock import Clock
from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer

_LARGEST_BODY = 10 * 1024 * 1024


class HttpServer(LoopbackServer):
    """Serves the routes of HTTP APIs.

    No token is verified here. A route with an authoriser takes every request that has an ``Authorization`` header for
    one of ``identity``, and answers 401 without the header, or when there is no ``identity``.

    Args:
        apis: The APIs; a path that two of them have belongs to the first.
        routes: Their routes.
        functions: What answers.
        clock: The time.
        identity: Claims of whoever calls; for IAM authorisers the members of ``requestContext.authorizer.iam``.
        port: Where to listen, 0 for a free port.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self,
        apis: Iterable[HttpApi],
        routes: Sequence[Route],
        functions: Functions,
        clock: Clock,
        *,
        identity: Mapping[str, Any] | None,
        port: int,
    ) -> None:
        super().__init__(_Requests, port)
        self._apis = [(api, [route for route in routes if route.api == api.id]) for api in apis]
        self._functions = functions
        self._clock = clock
        self._identity = identity

    def handle_http(self, request: Request) -> HttpAnswer:
        """Answer a request."""
        for api, routes in self._apis:
            if api.cors is not None and is_preflight(request.method, request.joined_headers):
                return 204, cors_headers(api.cors, request.joined_headers["origin"], preflight=True), b""
            found = match_route(routes, request.method, request.path)
            if found is None:
                continue
            status, headers, body = self._answer(request, *found)
            if api.cors is not None:
                allowed = cors_headers(api.cors, request.joined_headers.get("origin"), preflight=False)
                headers = (*without_cors(headers), *allowed)
            return status, headers, body
        return _message(404, "Not Found")

    def _answer(self, request: Request, route: Route, parameters: Mapping[str, str]) -> HttpAnswer:
        if len(request.body) > _LARGEST_BODY:
            return _message(413, "Request Entity Too Large")
        is_known = self._identity is not None and "authorization" in request.joined_headers
        if route.authorization is not None and not is_known:
            return _message(401, "Unauthorized")
        event = event_of(
            request, route, parameters, request_id=str(uuid4()), now=self._clock.now(), identity=self._identity
        )
        return answer_of(self._functions.find(route.target).invoke(json.dumps(event).encode()))


def routes_of(parts: Iterable[Part]) -> tuple[Route, ...]:
    """Give all routes of a stack, each with the function that answers."""
    known = tuple(parts)
    functions = {part.id: part.function for part in known if isinstance(part, Integration)}
    written = [route for part in known if isinstance(part, HttpApi) for route in part.routes]
    declared = [replace(part, target=functions[part.target]) for part in known if isinstance(part, Route)]
    return (*written, *declared)


def _message(status: int, text: str) -> HttpAnswer:
    return status, (), json.dumps({"message": text}).encode()


class _Requests(LoopbackHandler):
    def _handle(self) -> None:
        request = Request(
            method=self.command,
            target=self.path,
            headers=tuple(self.headers.items()),
            body=self.body(),
            source=self.client_address[0],
        )
        status, headers, body = cast("HttpServer", self.server).handle_http(request)
        self.answer(status, body, tuple(pair for pair in headers if pair[0].lower() != "content-length"))

    # The standard library's names.
    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _handle  # noqa: N815
