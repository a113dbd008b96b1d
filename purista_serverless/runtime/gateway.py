"""Requests to a command's function, answered by the command; whatever platform they came through."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import HandledError, PuristaServerlessError, Unavailable
from purista_serverless.message import Success
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.http_answers import Answer, answer, json_answer, problem, refusal
from purista_serverless.runtime.http_requests import (
    BODILESS,
    HttpCommand,
    call_of,
    names_of,
    require_json,
    require_size,
    unidentified,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.options import Route
    from purista_serverless.message import Message, Outcome
    from purista_serverless.message.request import Request
    from purista_serverless.runtime.call import Call
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports


class Gateway:
    """Answer requests with a command.

    Args:
        function: The command's function.
        route: Its exposure.
        ports: The ways out of its handler.
        tenant_claim: The claim by which the platform's authoriser names the tenant; ``None`` for an application
            without tenants.
        authenticate: Tells who sent a request that no authoriser of the platform's has looked at.
    """

    __slots__ = ("_authenticate", "_command", "_function", "_ports", "_route", "_tenant_claim")

    def __init__(
        self,
        function: "Function",
        route: "Route",
        ports: "Ports",
        tenant_claim: str | None,
        authenticate: "Callable[..., Any] | None" = None,
    ) -> None:
        self._authenticate = authenticate
        self._function = function
        self._route = route
        self._ports = ports
        self._tenant_claim = tenant_claim
        self._command = HttpCommand(function, route)

    def respond(self, request: "Request") -> Answer:
        """Answer one request, with a problem whatever goes wrong."""
        call = call_of(request.header)
        try:
            answered = self._answer(request, call)
        except HandledError as error:
            answered = refusal(error, trace_id=call.trace_id)
        except PuristaServerlessError as error:
            answered = _failure(error, call)
        answered.headers.update(names_of(call))
        return answered

    def _answer(self, request: "Request", call: "Call") -> Answer:
        message = self._message(request, call)
        outcome = self._run(message)
        if self._command.queue is None or not isinstance(outcome, Success):
            return answer(outcome, self._route, trace_id=call.trace_id)
        # Nobody serves a job's status here, so that there is no place to name.
        job = {"jobId": parse_json(outcome.value or b"null"), "status": "queued", "queueName": self._command.queue}
        return json_answer(job, 202)

    def _message(self, request: "Request", call: "Call") -> "Message":
        values = self._values(request)
        # What a public route is told of identities nobody has checked.
        principal, tenant = (None, None) if self._route.public else self._sender(request, values)
        return self._command.message(
            call,
            self._body(request),
            {**_query(request), **values} if self._function.takes_parameter else {},
            now=self._ports.clock.now(),
            tenant_id=tenant,
            principal_id=principal,
        )

    def _sender(self, request: "Request", values: "Mapping[str, list[str]]") -> tuple[str, str | None]:
        """Give principal and tenant of who sent a request, as the platform or else the application knows them.

        Raises:
            HandledError: 401, neither does; or the application refuses the request.
        """
        if request.principal is not None:
            return request.principal, self._tenant(request.claims)
        identity = None
        if self._authenticate is not None:
            from purista_serverless.runtime.authentication import ask

            identity = ask(self._authenticate, request, _filled(self._route.path, values), _query(request))
        if identity is None:
            raise unidentified()
        return identity.principal_id, identity.tenant_id

    def _tenant(self, claims: "Mapping[str, Any]") -> str | None:
        """Give the tenant of a caller; an application with tenants takes nobody who has none.

        Raises:
            HandledError: 401, nothing names the tenant.
        """
        if self._tenant_claim is None:
            return None
        tenant = claims.get(self._tenant_claim)
        if not isinstance(tenant, str) or not tenant:
            raise HandledError(401, f"the token has no claim {self._tenant_claim!r} with a text")
        return tenant

    def _body(self, request: "Request") -> bytes:
        if self._route.method in BODILESS or not request.body:
            return b""
        require_size(len(request.body), self._route.max_body)
        require_json(request.header)
        return request.body

    def _values(self, request: "Request") -> dict[str, list[str]]:
        """Give what the placeholders of the path stand for.

        Raises:
            HandledError: 404 or 405, something else was asked for.
        """
        values = request.values
        if request.path is not None:
            found = _matched(self._route.path, request.path)
            if found is None:
                raise HandledError(404)
            if request.method != self._route.method:
                raise HandledError(405)
            values = found
        if request.is_encoded and values:
            from urllib.parse import unquote

            return {name: [unquote(text)] for name, text in values.items()}
        return {name: [text] for name, text in values.items()}

    def _run(self, message: "Message") -> "Outcome":
        """Run the command; what it does counts also when it takes too long, only that nobody waits for its answer."""
        function, ports = self._function, self._ports
        if function.is_async:
            from purista_serverless.runtime.loop import run

            try:
                outcome = run(_limited(function, message, ports))
            except TimeoutError:
                raise _overdue(function) from None
            _tell_success(function, message, outcome, ports)
            return outcome
        started = ports.clock.now()
        outcome = dispatch(function, message, ports)
        _tell_success(function, message, outcome, ports)
        if function.timeout is not None and ports.clock.now() - started > function.timeout:
            raise _overdue(function)
        return outcome


async def _limited(function: "Function", message: "Message", ports: "Ports") -> "Outcome":
    from purista_serverless.runtime.loop import time_limit

    if function.timeout is None:
        return await adispatch(function, message, ports)
    async with time_limit(function.timeout):
        return await adispatch(function, message, ports)


def _overdue(function: "Function") -> HandledError:
    seconds = (function.timeout or 0) / 1000
    return HandledError(504, f"no answer within {seconds:g} s; whether it happens is not known")


def _tell_success(function: "Function", message: "Message", outcome: "Outcome", ports: "Ports") -> None:
    if function.success_event is not None and isinstance(outcome, Success):
        from purista_serverless.runtime.invoke import conclude

        conclude(function, message, outcome, ports)


def _query(request: "Request") -> "Mapping[str, list[str]]":
    if not isinstance(request.query, str):
        return request.query
    if not request.query:
        return {}
    from urllib.parse import parse_qs

    return parse_qs(request.query, keep_blank_values=True)


def _filled(pattern: str, values: "Mapping[str, list[str]]") -> str:
    """Give a path with its placeholders filled, as the application declared it: no prefix of a platform's is in it."""
    segments = pattern.split("/")
    return "/".join(values.get(part[1:-1], [""])[0] if part.startswith("{") else part for part in segments)


def _matched(pattern: str, path: str) -> "dict[str, str] | None":
    """Give the values of a path's placeholders, still encoded; ``None`` if it is another path."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    values = {}
    for segment, text in zip(wanted, given, strict=True):
        if segment.startswith("{") and text:
            values[segment[1:-1]] = text
        elif segment != text:
            return None
    return values


def _failure(error: PuristaServerlessError, call: "Call") -> Answer:
    """Answer what failed around the command; no detail leaves, the log has it."""
    from purista_serverless.runtime.log import LOGGER

    LOGGER.error("trace %s: the request failed", call.trace_id, exc_info=error)
    return problem(503 if isinstance(error, Unavailable) else 500, trace_id=call.trace_id)
