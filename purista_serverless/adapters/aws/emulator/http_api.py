"""HTTP APIs of a stack, on a port of this machine."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from purista_serverless.adapters.aws.emulator.clock import Clock
from purista_serverless.adapters.aws.emulator.functions import Functions
from purista_serverless.adapters.aws.emulator.http_events import HttpAnswer, Request, answer_of, event_of, match_route
from purista_serverless.adapters.aws.emulator.loopback import LoopbackHandler, LoopbackServer
from purista_serverless.adapters.aws.emulator.resource import HttpApi

_LARGEST_BODY = 10 * 1024 * 1024


class HttpServer(LoopbackServer):
    """Serves the routes of HTTP APIs.

    No token is verified here. A route with an authoriser takes every request that has an ``Authorization`` header for
    one of ``identity``, and answers 401 without the header, or when there is no ``identity``.

    Args:
        apis: The APIs; a path that two of them have belongs to the first.
        functions: What answers.
        clock: The time.
        identity: Claims of whoever calls; for IAM authorisers the members of ``requestContext.authorizer.iam``.
        port: Where to listen, 0 for a free port.
    """

    def __init__(
        self,
        apis: Sequence[HttpApi],
        functions: Functions,
        clock: Clock,
        *,
        identity: Mapping[str, Any] | None,
        port: int,
    ) -> None:
        super().__init__(_Requests, port)
        self._apis = apis
        self._functions = functions
        self._clock = clock
        self._identity = identity

    def handle_http(self, request: Request) -> HttpAnswer:
        """Answer a request."""
        for api in self._apis:
            found = match_route(api.routes, request.method, request.path)
            if found is not None:
                break
        else:
            return _message(404, "Not Found")
        route, parameters = found
        if len(request.body) > _LARGEST_BODY:
            return _message(413, "Request Entity Too Large")
        if route.authorizer is not None and (self._identity is None or request.header("authorization") is None):
            return _message(401, "Unauthorized")
        event = event_of(
            request,
            route,
            parameters,
            api_id=api.id,
            request_id=str(uuid4()),
            now=self._clock.now(),
            identity=self._identity,
        )
        return answer_of(self._functions.find(route.function).invoke(json.dumps(event).encode()))


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
