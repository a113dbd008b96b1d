"""Commands over HTTP: from a request to a command message, and from its outcome to a response."""

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from purista_serverless.adapters.embedded.http_answers import response
from purista_serverless.adapters.embedded.http_requests import call_of, grouped, identity_of, read_json_body
from purista_serverless.message import Success
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.http_answers import answer
from purista_serverless.runtime.http_requests import BODILESS, HttpCommand, unidentified
from purista_serverless.runtime.invoke import conclude
from purista_serverless.runtime.loop import current_loop, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from purista_serverless.adapters.embedded.http_status import JobStatus
    from purista_serverless.message import Message, Outcome
    from purista_serverless.model import Command, Http
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports


class CommandRoute:
    """One command behind one method and path.

    Args:
        command: The command.
        http: Its exposure.
        function: Its function.
        ports: The ways out of its handler.
        authenticate: Tells who sent a request.
        jobs: Says where the status of an accepted job is found.
    """

    def __init__(
        self,
        command: "Command",
        http: "Http",
        function: "Function",
        ports: "Ports",
        *,
        authenticate: "Callable[..., Any] | None",
        jobs: "JobStatus",
    ) -> None:
        self.http = http
        self._function = function
        self._ports = ports
        self._authenticate = authenticate
        self._jobs = jobs
        self._timeout = command.timeout.total_seconds()
        self._command = HttpCommand(function, http)

    async def respond(self, request: Request) -> Response:
        """Run the command for a request.

        Raises:
            HandledError: The request is refused before the command runs, by ``authenticate`` for instance.
            HTTPException: The command takes too long.
            Unavailable: The store cannot be reached.
        """
        who = {} if self.http.public else await self._identity(request)
        body = b"" if self.http.method in BODILESS else await read_json_body(request, self.http.max_body)
        now = self._ports.clock.now()
        message = self._command.message(call_of(request), body, self._texts(request), now=now, **who)
        outcome = await self._run(message)
        if isinstance(outcome, Success) and self._command.queue is not None:
            job_id = parse_json(outcome.value or b"null")
            return self._jobs.accept(request, self._command.queue, job_id)
        return response(answer(outcome, self.http, trace_id=message.trace_id))

    async def _identity(self, request: Request) -> dict[str, str | None]:
        identity = await identity_of(request, self._authenticate)
        if identity is None:
            raise unidentified()
        return {"tenant_id": identity.tenant_id, "principal_id": identity.principal_id}

    def _texts(self, request: Request) -> "dict[str, Sequence[str]]":
        placed = zip(self._command.names, request.path_params.values(), strict=True)
        return {**grouped(request.query_params.multi_items()), **{name: [value] for name, value in placed}}

    async def _run(self, message: "Message") -> "Outcome":
        with anyio.move_on_after(self._timeout):
            return await self._outcome(message)
        raise HTTPException(504, f"no answer within {self._timeout:g} s; whether it happens is not known")

    async def _outcome(self, message: "Message") -> "Outcome":
        """Run an async handler here if this is the process' loop, and everything else in a thread."""
        function, ports = self._function, self._ports
        if not function.is_async or current_loop() is not asyncio.get_running_loop():
            # A handler that outlives its caller's patience goes on: what it does counts, nobody waits for it.
            return await anyio.to_thread.run_sync(_attend, function, message, ports, abandon_on_cancel=True)
        outcome = await adispatch(function, message, ports)
        if function.success_event is not None:
            await anyio.to_thread.run_sync(conclude, function, message, outcome, ports)
        return outcome


def _attend(function: "Function", message: "Message", ports: "Ports") -> "Outcome":
    outcome = run(adispatch(function, message, ports)) if function.is_async else dispatch(function, message, ports)
    conclude(function, message, outcome, ports)
    return outcome


class CommandsAt:
    """ASGI application of all commands at one path, by method; answers HEAD and OPTIONS itself."""

    def __init__(self, routes: "Sequence[CommandRoute]") -> None:
        self._routes: dict[str, CommandRoute] = {route.http.method: route for route in routes}
        answered = {*self._routes, "OPTIONS", *(("HEAD",) if "GET" in self._routes else ())}
        self._allow = {"Allow": ", ".join(sorted(answered))}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except ClientDisconnect:
            return
        if request.method == "HEAD":
            # The headers, with the length that the body would have.
            response.body = b""
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=self._allow)
        route = self._routes.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            raise HTTPException(405, headers=self._allow)
        return await route.respond(request)
