"""The door of a function on Lambda: one raw event in, its answer out."""

import json
import os
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.codecs import http, invoke, sqs
from purista_serverless.adapters.aws.constants import (
    CALL_EDGE,
    COMMANDS,
    EVENT_BUS,
    GATE_EDGE,
    HTTP_TRIGGER,
    LEDGER,
    QUEUES,
    TENANT_CLAIM,
)
from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.batch import Batches
    from purista_serverless.adapters.aws.gateway import Gateway
    from purista_serverless.runtime.consume import Consumer
    from purista_serverless.runtime.entry import Entry
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

    Handler = Callable[[Any, Any], Any]


def bind(entry: "Entry", environment: "Mapping[str, str]" = os.environ, ports: "Ports | None" = None) -> "Handler":
    """Give the function that Lambda calls.

    Args:
        entry: What the generated file says.
        environment: The function's variables.
        ports: The ways out; those of AWS when omitted.
    """
    if entry.triggers[0].partition(":")[0] in {"command", "http", "call"}:
        return _bind_command(entry, environment, ports)
    return _bind_batches(entry, environment, ports)


def _bind_batches(entry: "Entry", environment: "Mapping[str, str]", given: "Ports | None") -> "Handler":
    """Bind a function that batches start, and nothing else."""
    from purista_serverless.adapters.aws.batch import Batches

    function, consumers = _consumers(entry)
    ports = given if given is not None else _ports(entry, environment)
    batches = Batches(consumers, function, ports, environment)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        return batches.handle(_object(event), context)

    return handler


def _consumers(entry: "Entry") -> "tuple[Function | None, dict[str, Consumer]]":
    """Give the consumers of a function by trigger, and the handler behind them if there is one."""
    from purista_serverless.runtime.parts import binding_consumer, handler_consumer, timetable_of

    (trigger,) = entry.triggers
    if trigger.startswith(GATE_EDGE):
        from purista_serverless.builder.options import Lifecycle
        from purista_serverless.runtime.knocks import GateConsumer

        return None, {trigger: GateConsumer(timetable_of(entry), Lifecycle())}
    if trigger.startswith("binding:"):
        return None, {trigger: binding_consumer(entry, trigger)}
    function = entry.function()
    return function, {trigger: handler_consumer(entry, function, trigger)}


class CommandDoor:
    """The ways into a command: requests, command messages, and batches of a schedule's calls.

    Args:
        function: The command's function.
        triggers: Why it runs.
        ports: The ways out.
        environment: The function's variables.
    """

    __slots__ = ("_address", "_batches", "_environment", "_function", "_gateway", "_ports", "_schedules")

    def __init__(
        self, function: "Function", triggers: tuple[str, ...], ports: "Ports", environment: "Mapping[str, str]"
    ) -> None:
        own = function.party
        self._function = function
        self._address = (own.service, own.version, function.declaration.target.name)
        self._schedules = [trigger.removeprefix(CALL_EDGE) for trigger in triggers if trigger.startswith(CALL_EDGE)]
        self._ports = ports
        self._environment = environment
        self._gateway = _gateway(function, triggers, ports, environment)
        self._batches: Batches | None = None

    def open(self, event: "Mapping[str, Any]", context: Any) -> Any:
        """Answer one event.

        Raises:
            BadEvent: It is nothing that starts this function.
        """
        if invoke.is_invocation(event):
            return self._execute(event)
        if sqs.is_batch(event) and self._schedules:
            return self._calls().handle(event, context)
        if self._gateway is not None and http.is_request(event):
            return self._gateway.respond(event)
        raise BadEvent(f"{self._function.name} is not started by an event with {', '.join(sorted(event)) or 'nothing'}")

    def _execute(self, event: "Mapping[str, Any]") -> dict[str, Any]:
        from purista_serverless.runtime.invoke import execute

        return invoke.encode(execute(self._function, invoke.decode(event, self._address), self._ports))

    def _calls(self) -> "Batches":
        if self._batches is None:
            from purista_serverless.adapters.aws.batch import Batches
            from purista_serverless.runtime.parts import call_consumer

            consumers: dict[str, Consumer] = {
                f"{CALL_EDGE}{schedule}": call_consumer(schedule, self._function) for schedule in self._schedules
            }
            self._batches = Batches(consumers, self._function, self._ports, self._environment)
        return self._batches


def _gateway(
    function: "Function", triggers: tuple[str, ...], ports: "Ports", environment: "Mapping[str, str]"
) -> "Gateway | None":
    target: Any = function.declaration.target
    if target.http is None or not any(trigger.startswith(HTTP_TRIGGER) for trigger in triggers):
        return None
    from purista_serverless.adapters.aws.gateway import Gateway

    return Gateway(function, target.http, ports, environment.get(TENANT_CLAIM))


def _bind_command(entry: "Entry", environment: "Mapping[str, str]", given: "Ports | None") -> "Handler":
    function = entry.function()
    ports = given if given is not None else _ports(entry, environment)
    door = CommandDoor(function, entry.triggers, ports, environment)

    def handler(event: Any, context: Any) -> Any:
        return door.open(_object(event), context)

    return handler


def _ports(entry: "Entry", environment: "Mapping[str, str]") -> "Ports":
    """Give the ways out, with the clients made that a success needs; a template says what a function may do."""
    from purista_serverless.adapters.aws.ports import AwsPorts

    queues: dict[str, str] = json.loads(environment.get(QUEUES, "{}"))
    ports = AwsPorts(environment)
    ports.warm(
        emits=bool(environment.get(EVENT_BUS)),
        # Of the queue that it consumes it needs the URL for failures only.
        enqueues=any(edge not in entry.triggers for edge in queues),
        invokes=bool(environment.get(COMMANDS)),
        ledger=bool(environment.get(LEDGER)),
    )
    return ports


def _object(event: Any) -> "Mapping[str, Any]":
    if not isinstance(event, dict):
        raise BadEvent(f"an event is a JSON object, not {type(event).__name__}")
    return event
