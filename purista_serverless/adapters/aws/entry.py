"""The door of a function on Lambda: one raw event in, its answer out."""

import json
import os
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import (
    BINDING_EDGE,
    COMMANDS,
    EVENT_BUS,
    GATE_EDGE,
    LEDGER,
    METRICS,
    QUEUE_EDGE,
    QUEUES,
    SUBSCRIPTION_EDGE,
)
from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.adapters.aws.metrics import Metrics
    from purista_serverless.runtime.entry import Entry
    from purista_serverless.runtime.function import Watch
    from purista_serverless.runtime.ports import Ports

    Handler = Callable[[Any, Any], Any]

# How Lambda started the process.
_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"

# What is started by batches of one queue, and by nothing else.
_BATCHED = (QUEUE_EDGE, SUBSCRIPTION_EDGE, BINDING_EDGE, GATE_EDGE)


def bind(entry: "Entry", environment: "Mapping[str, str]" = os.environ, ports: "Ports | None" = None) -> "Handler":
    """Give the function that Lambda calls.

    Args:
        entry: What the generated file says.
        environment: The function's variables.
        ports: The ways out; those of AWS when omitted.

    Raises:
        DeclarationError: The generated file is older than what it names.
    """
    if environment.get(_INITIALIZATION) == "snap-start":
        _prepare_for_restore()
    given = ports if ports is not None else _ports(entry, environment)
    metrics = _metrics(entry, environment, given) if METRICS in environment else None
    watch = metrics.watch if metrics is not None else None
    handle = _batched(entry, environment, given, watch) if entry.triggers[0].startswith(_BATCHED) else None
    if handle is None:
        from purista_serverless.adapters.aws.command import CommandEntry

        function, authenticate = entry.function(watch), entry.authenticate()
        handle = CommandEntry(function, entry.triggers, given, environment, authenticate=authenticate).handle
    if metrics is not None:
        handle = metrics.measured(handle)

    def handler(event: Any, context: Any) -> Any:
        if not isinstance(event, dict):
            raise BadEvent(f"an event is a JSON object, not {type(event).__name__}")
        return handle(event, context)

    return handler


def _prepare_for_restore() -> None:
    """Have each process that begins as a copy of this one make ids of its own: jobs of equal ids are one job."""
    # A part of Lambda's Python that takes snapshots; nothing else has it.
    from snapshot_restore_py import register_after_restore

    from purista_serverless.runtime.ids import drop_pool

    register_after_restore(drop_pool)


def _metrics(entry: "Entry", environment: "Mapping[str, str]", ports: "Ports") -> "Metrics":
    from purista_serverless.adapters.aws.metrics import Metrics

    metrics = Metrics(entry.triggers, environment, ports.clock)
    own: Any = ports
    own.wrap("dead_letters", metrics.letters)
    return metrics


def _batched(entry: "Entry", environment: "Mapping[str, str]", ports: "Ports", watch: "Watch | None") -> "Handler":
    from purista_serverless.adapters.aws.batch import Batches
    from purista_serverless.runtime.parts import edge_consumer

    function, consumer = edge_consumer(entry, watch)
    return Batches({entry.triggers[0]: consumer}, function, ports, environment).handle


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
