"""The door of a Cloud Run function: one request in, its answer out."""

import json
import os
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import (
    BINDING_EDGE,
    COMMANDS,
    EVENT_EDGE,
    GATE_EDGE,
    LEDGER,
    QUEUE_EDGE,
    SUBSCRIPTION_EDGE,
    TOPICS,
)
from purista_serverless.errors import BadEvent, HandledError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.runtime.entry import Entry
    from purista_serverless.runtime.ports import Ports

    Door = Callable[[Mapping[str, Any], bytes], Any]

# What is started by pushes of one edge, and by nothing else.
_PUSHED = (QUEUE_EDGE, SUBSCRIPTION_EDGE, BINDING_EDGE, GATE_EDGE)


def bind(
    entry: "Entry", environment: "Mapping[str, str]" = os.environ, ports: "Ports | None" = None
) -> "Callable[[Any], Any]":
    """Give the function that functions-framework calls: with a request of Flask, for an answer that Flask takes.

    Args:
        entry: What the generated file says.
        environment: The function's variables.
        ports: The ways out; those of Google Cloud when omitted.

    Raises:
        DeclarationError: The generated file is older than what it names.
    """
    given = ports if ports is not None else _ports(entry, environment)
    door = _pushed(entry, environment, given) if entry.triggers[0].startswith(_PUSHED) else None
    if door is None:
        from purista_serverless.adapters.gcp.command import CommandEntry

        authenticate = entry.authenticate()
        door = CommandEntry(entry.function(), entry.triggers, given, environment, authenticate=authenticate).handle

    def handler(request: Any) -> Any:
        try:
            return door(request.environ, request.get_data())
        except (BadEvent, HandledError, Unavailable) as error:
            return _refused(error)

    return handler


def _pushed(entry: "Entry", environment: "Mapping[str, str]", ports: "Ports") -> "Door":
    from purista_serverless.adapters.gcp.push import Pushes
    from purista_serverless.runtime.parts import edge_consumer

    function, consumer = edge_consumer(entry)
    return Pushes({entry.triggers[0]: consumer}, function, ports, environment).handle


def _refused(error: BadEvent | HandledError | Unavailable) -> tuple[bytes, int, dict[str, str]]:
    """Answer what starts no handler; what is wrong with it, only the log tells."""
    from purista_serverless.runtime.http_answers import problem, refusal
    from purista_serverless.runtime.log import LOGGER

    LOGGER.warning("a request was refused: %s", error)
    if isinstance(error, HandledError):
        answer = refusal(error, trace_id=None)
    else:
        answer = problem(503 if isinstance(error, Unavailable) else 400)
    return answer.body, answer.status, answer.headers


def _ports(entry: "Entry", environment: "Mapping[str, str]") -> "Ports":
    """Give the ways out, with what a success needs loaded already; the plan says what a function may do."""
    from purista_serverless.adapters.gcp.ports import GcpPorts

    topics: dict[str, str] = json.loads(environment.get(TOPICS, "{}"))
    ports = GcpPorts(environment)
    ports.warm(
        emits=any(name.startswith(EVENT_EDGE) for name in topics),
        # To the topics of its own edges it publishes after failures only.
        enqueues=any(name.startswith(QUEUE_EDGE) and name not in entry.triggers for name in topics),
        invokes=bool(environment.get(COMMANDS)),
        ledger=bool(environment.get(LEDGER)),
    )
    return ports
