"""The ways into a command's function: command messages, requests, and batches of the calls of schedules."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CALL_EDGE, HTTP_TRIGGER, TENANT_CLAIM
from purista_serverless.errors import BadEvent
from purista_serverless.message import invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.batch import Batches
    from purista_serverless.adapters.aws.gateway import Gateway
    from purista_serverless.runtime.consume import Consumer
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports


class CommandEntry:
    """Tell by its mandatory members what an event is, and answer it; a way that no trigger names is shut.

    Args:
        function: The command's function.
        triggers: Why it runs.
        ports: The ways out.
        environment: The function's variables.
        authenticate: The application's own way to tell who sent a request, if it has one.
    """

    __slots__ = ("_address", "_batches", "_function", "_gateway", "_ports")

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
        self._gateway = _gateway(function, triggers, ports, environment, authenticate)
        self._batches = _batches(function, triggers, ports, environment)

    def handle(self, event: "Mapping[str, Any]", context: Any) -> Any:
        """Answer one event.

        Raises:
            BadEvent: It is nothing that starts this function.
        """
        if "requestContext" in event and self._gateway is not None:
            return self._gateway.handle(event)
        if invocation.is_invocation(event):
            return self._execute(event)
        if "Records" in event and self._batches is not None:
            return self._batches.handle(event, context)
        members = ", ".join(sorted(event)[:10]) or "nothing"
        raise BadEvent(f"{self._function.name} is not started by an event with {members}")

    def _execute(self, event: "Mapping[str, Any]") -> dict[str, Any]:
        from purista_serverless.runtime.invoke import execute

        return invocation.encode(execute(self._function, invocation.decode(event, self._address), self._ports))


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
    from purista_serverless.adapters.aws.gateway import Gateway

    return Gateway(function, target.http, ports, environment.get(TENANT_CLAIM), authenticate)


def _batches(
    function: "Function", triggers: tuple[str, ...], ports: "Ports", environment: "Mapping[str, str]"
) -> "Batches | None":
    edges = [trigger for trigger in triggers if trigger.startswith(CALL_EDGE)]
    if not edges:
        return None
    from purista_serverless.adapters.aws.batch import Batches
    from purista_serverless.runtime.parts import call_consumer

    consumers: dict[str, Consumer] = {edge: call_consumer(edge.removeprefix(CALL_EDGE), function) for edge in edges}
    return Batches(consumers, function, ports, environment)
