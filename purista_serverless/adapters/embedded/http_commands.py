"""Commands over HTTP: from a request to a command message, and from its outcome to a response."""

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from purista_serverless.adapters.embedded.http_answers import answer
from purista_serverless.adapters.embedded.http_problems import problem
from purista_serverless.adapters.embedded.http_requests import call_of, grouped, identity_of, read_json_body
from purista_serverless.message import COMMAND, Message, Outcome, Party, Success
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.function import INSTANCE
from purista_serverless.runtime.invoke import conclude
from purista_serverless.runtime.loop import current_loop, run
from purista_serverless.schema.query import QueryReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from purista_serverless.adapters.embedded.http_status import JobStatus
    from purista_serverless.message.identity import Identity
    from purista_serverless.model import Command, Http
    from purista_serverless.runtime.client import Call
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

_BODILESS = frozenset({"GET", "DELETE"})


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
        address = command.address
        self.http = http
        self._function = function
        self._ports = ports
        self._authenticate = authenticate
        self._jobs = jobs
        self._queue = command.handler.can_enqueue[0] if http.mode == "async" and command.handler else None
        self._timeout = command.timeout.total_seconds()
        self._names = placeholders(http.path)
        self._reader = QueryReader(command.parameter) if function.takes_parameter else None
        self._receiver = Party(address.service, address.version, address.name)
        self._sender = Party(address.service, address.version, f"$$endpoint:{http.method}:{http.path}", INSTANCE)

    async def respond(self, request: Request) -> Response:
        """Run the command for a request.

        Raises:
            HTTPException: The request is refused before the command runs, or the command takes too long.
            HandledError: ``authenticate`` refuses the request.
            Unavailable: The store cannot be reached.
        """
        identity = None if self.http.public else await self._identity(request)
        body = b"" if self.http.method in _BODILESS else await read_json_body(request, self.http.max_body)
        message = self._message(request, body, call_of(request), identity)
        if self._function.transform_input is not None and (refusal := _malformed(message)) is not None:
            return refusal
        outcome = await self._run(message)
        if isinstance(outcome, Success) and self._queue is not None:
            job_id = parse_json(outcome.value or b"null")
            return self._jobs.accept(request, self._queue, job_id)
        return answer(outcome, self.http, trace_id=message.trace_id)

    async def _identity(self, request: Request) -> "Identity":
        identity = await identity_of(request, self._authenticate)
        if identity is None:
            raise HTTPException(401, "say who you are: this route is not public")
        return identity

    def _message(self, request: Request, body: bytes, call: "Call", identity: "Identity | None") -> Message:
        return Message(
            id=call.id,
            timestamp=self._ports.clock.now(),
            message_type=COMMAND,
            payload=body or None,
            parameter=self._parameter(request),
            correlation_id=call.correlation_id,
            trace_id=call.trace_id,
            traceparent=call.traceparent,
            tenant_id=identity.tenant_id if identity is not None else None,
            principal_id=identity.principal_id if identity is not None else None,
            sender=self._sender,
            receiver=self._receiver,
        )

    def _parameter(self, request: Request) -> "Mapping[str, Any] | None":
        if self._reader is None:
            return None
        placed = zip(self._names, request.path_params.values(), strict=True)
        return self._reader.read(
            {**grouped(request.query_params.multi_items()), **{name: [value] for name, value in placed}}
        )

    async def _run(self, message: Message) -> Outcome:
        with anyio.move_on_after(self._timeout):
            return await self._outcome(message)
        raise HTTPException(504, f"no answer within {self._timeout:g} s; whether it happens is not known")

    async def _outcome(self, message: Message) -> Outcome:
        """Run an async handler here if this is the process' loop, and everything else in a thread."""
        function, ports = self._function, self._ports
        if not function.is_async or current_loop() is not asyncio.get_running_loop():
            # A handler that outlives its caller's patience goes on: what it does counts, nobody waits for it.
            return await anyio.to_thread.run_sync(_attend, function, message, ports, abandon_on_cancel=True)
        outcome = await adispatch(function, message, ports)
        if function.success_event is not None:
            await anyio.to_thread.run_sync(conclude, function, message, outcome, ports)
        return outcome


def _attend(function: "Function", message: Message, ports: "Ports") -> Outcome:
    outcome = run(adispatch(function, message, ports)) if function.is_async else dispatch(function, message, ports)
    conclude(function, message, outcome, ports)
    return outcome


def _malformed(message: Message) -> Response | None:
    """Refuse what is not JSON, before a transform of the user's meets it and fails as if it were its own fault."""
    try:
        parse_json(message.payload or b"null")
    except ValueError as error:
        return problem(400, detail=f"the body is not JSON: {error}", trace_id=message.trace_id)
    return None


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


def placeholders(path: str) -> list[str]:
    """Give the names that a path's placeholders fill, in order.

    Example:
        >>> placeholders("/accounts/{accountId}/close")
        ['accountId']
    """
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
