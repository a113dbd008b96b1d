"""The ways into a command's function: invocations, requests, and pushed calls of schedules."""

import json
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import (
    CALL_EDGE,
    COMMAND_PATH,
    HTTP_TRIGGER,
    PUSH_PATH,
    TRUSTED,
    URL,
)
from purista_serverless.errors import BadEvent, HandledError
from purista_serverless.message import invocation
from purista_serverless.message.wire import format_json, object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.gcp.gateway import Gateway
    from purista_serverless.adapters.gcp.push import Pushes
    from purista_serverless.adapters.gcp.tokens import Doorkeeper
    from purista_serverless.runtime.consume import Consumer
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

_JSON = {"Content-Type": "application/json"}


class CommandEntry:
    """Tell by its path what a request is, and answer it; a way that no trigger names is shut.

    Args:
        function: The command's function.
        triggers: Why it runs.
        ports: The ways out.
        environment: The function's variables.
        authenticate: The application's own way to tell who sent a request, if it has one.
    """

    __slots__ = ("_address", "_doorkeeper", "_function", "_gateway", "_ports", "_pushes")

    def __init__(
        self,
        function: "Function",
        triggers: tuple[str, ...],
        ports: "Ports",
        environment: "Mapping[str, str]",
        *,
        authenticate: "Callable[..., Any] | None",
    ) -> None:
        own = function.party
        self._function = function
        self._ports = ports
        self._address = (own.service, own.version, function.declaration.target.name)
        self._doorkeeper = _doorkeeper(ports, environment)
        self._gateway = _gateway(function, triggers, ports, environment, authenticate)
        self._pushes = _pushes(function, triggers, ports, environment)

    def handle(self, environ: "Mapping[str, Any]", body: bytes) -> Any:
        """Answer one request.

        Args:
            environ: WSGI's variables of the request.
            body: Its body.

        Raises:
            BadEvent: It is nothing that starts this function.
            HandledError: It comes from nobody who may send it.
            Unavailable: Nobody can tell now who sends it.
        """
        path = environ["PATH_INFO"]
        is_ours = path.startswith(PUSH_PATH)
        if self._gateway is not None and not is_ours:
            return self._gateway.handle(environ, body)
        if self._doorkeeper is not None:
            self._doorkeeper.check(environ)
        if path == COMMAND_PATH:
            return self._execute(body)
        if self._pushes is None:
            raise BadEvent(f"{self._function.name} is not started by a request to {path!r}")
        return self._pushes.handle(environ, body)

    def _execute(self, body: bytes) -> tuple[bytes, int, dict[str, str]]:
        from purista_serverless.runtime.invoke import execute

        message = invocation.decode(object_of(body), self._address)
        return format_json(invocation.encode(execute(self._function, message, self._ports))), 200, _JSON


class KnownCallers:
    """Let those through who may push to a function or invoke it, among those who may send it requests.

    Whoever may ask the route of a command reaches what is ours as well, and an invocation says itself who asks.

    Args:
        environment: The function's variables.
    """

    __slots__ = ("_trusted",)

    def __init__(self, environment: "Mapping[str, str]") -> None:
        self._trusted = frozenset(json.loads(environment[TRUSTED]))

    def check(self, environ: "Mapping[str, Any]") -> None:
        """Look at the token of a request, which Cloud Run has verified.

        Args:
            environ: WSGI's variables of the request.

        Raises:
            HandledError: 403, the token is of somebody else.
        """
        from purista_serverless.adapters.gcp.identity import caller_of

        principal, _ = caller_of(environ)
        if principal not in self._trusted:
            raise HandledError(403, "this account may not do that here")


def _doorkeeper(ports: "Ports", environment: "Mapping[str, str]") -> "Doorkeeper | KnownCallers | None":
    """Give who looks at what is pushed and invoked: nobody where only those are let in who may do that."""
    if environment.get(URL):
        from purista_serverless.adapters.gcp.tokens import Doorkeeper

        return Doorkeeper(environment, ports.clock)
    return KnownCallers(environment) if environment.get(TRUSTED) else None


def _gateway(
    function: "Function",
    triggers: tuple[str, ...],
    ports: "Ports",
    environment: "Mapping[str, str]",
    authenticate: "Callable[..., Any] | None",
) -> "Gateway | None":
    target: Any = function.declaration.target
    if not any(trigger.startswith(HTTP_TRIGGER) for trigger in triggers):
        return None
    from purista_serverless.adapters.gcp.gateway import Gateway

    return Gateway(function, target.http, ports, environment, authenticate)


def _pushes(
    function: "Function", triggers: tuple[str, ...], ports: "Ports", environment: "Mapping[str, str]"
) -> "Pushes | None":
    edges = [trigger for trigger in triggers if trigger.startswith(CALL_EDGE)]
    if not edges:
        return None
    from purista_serverless.adapters.gcp.push import Pushes
    from purista_serverless.runtime.parts import call_consumer

    consumers: dict[str, Consumer] = {edge: call_consumer(edge.removeprefix(CALL_EDGE), function) for edge in edges}
    return Pushes(consumers, function, ports, environment)
