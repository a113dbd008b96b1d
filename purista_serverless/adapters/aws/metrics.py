"""Metrics of a function: one line of CloudWatch's embedded metric format per invocation, whatever was in it.

Loaded only where metrics are switched on. CloudWatch reads the lines from the function's log; no request is made.
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CALL_EDGE, COMMAND_TRIGGER, HTTP_TRIGGER, METRICS, QUEUES
from purista_serverless.message import Success
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.enqueue import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.message import Outcome
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Clock, DeadLetter, DeadLetterPort

    Handler = Callable[[Any, Any], Any]

DURATION = "duration"
FAILED = "failed"
DEAD_LETTERED = "deadLettered"
_NAMES = {
    "BadInput": "badInput",
    "Cancelled": "cancelled",
    "Failed": FAILED,
    "Rejected": "rejected",
    "Retry": "retry",
    "Success": "success",
}
_DIMENSIONS = ("service", "function", "edge")


class Metrics:
    """Count how the runs of one invocation end, and write the line when it is over.

    Counts are those of the handler's runs: bindings and gates, which have none, tell their duration and dead letters.

    Args:
        triggers: Why the function runs.
        environment: Its variables; ``METRICS`` names namespace, service and function.
        clock: The time.
        write: Takes a line with its end; standard output when omitted, which Lambda's log is made of.
    """

    def __init__(
        self,
        triggers: tuple[str, ...],
        environment: "Mapping[str, str]",
        clock: "Clock",
        write: "Callable[[str], Any] | None" = None,
    ) -> None:
        named = json.loads(environment[METRICS])
        urls: dict[str, str] = json.loads(environment.get(QUEUES, "{}"))
        self._namespace: str = named["namespace"]
        self._names = {"service": named["service"], "function": named["function"]}
        self._triggers = triggers
        self._edges = {url.rpartition("/")[2]: edge for edge, url in urls.items()}
        self._clock = clock
        self._write = write or _print
        self._counts: dict[str, int] = {}
        self._is_batch = False

    def measured(self, handle: "Handler") -> "Handler":
        """Give a handler that writes its line, also when it raises."""

        def handler(event: Any, context: Any) -> Any:
            self._counts = {}
            self._is_batch = "Records" in event
            started = self._clock.now()
            try:
                return handle(event, context)
            finally:
                self._write(self._line(self._edge_of(event), started))

        return handler

    def watch(self, function: "Function", outcome: "Outcome | None", took: int) -> None:
        """Count how a run ended; ``None`` stands for one that was stopped because it took too long.

        A ``def`` that comes back after its time has succeeded for itself only: whoever waits is told of a failure.
        """
        limit = self._limit_of(function)
        is_late = type(outcome) is Success and limit is not None and took > limit
        self._count(FAILED if outcome is None or is_late else _NAMES[type(outcome).__name__])

    def letters(self, port: "DeadLetterPort") -> "CountedDeadLetters":
        """Give a port that counts what goes through it."""
        return CountedDeadLetters(port, lambda: self._count(DEAD_LETTERED))

    def _count(self, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1

    def _limit_of(self, function: "Function") -> int | None:
        if function.kind == "command":
            return None if self._is_batch else function.timeout
        profile = getattr(function.declaration.target, "profile", None)
        longest = None if profile is None else profile.max_runtime
        return None if longest is None else milliseconds(longest)

    def _edge_of(self, event: "Mapping[str, Any]") -> str:
        """Give the trigger that an event belongs to; several of one kind are told apart by their queues."""
        if len(self._triggers) == 1:
            return self._triggers[0]
        if not self._is_batch:
            kind = HTTP_TRIGGER if "requestContext" in event else COMMAND_TRIGGER
            return next(trigger for trigger in (*self._triggers, kind) if trigger.startswith(kind))
        records = event["Records"]
        first = records[0] if isinstance(records, list) and records else None
        source = first.get("eventSourceARN") if isinstance(first, dict) else None
        return self._edges.get(str(source).rpartition(":")[2], CALL_EDGE)

    def _line(self, edge: str, started: int) -> str:
        ended = self._clock.now()
        values = {**self._counts, DURATION: ended - started}
        units = [{"Name": name, "Unit": "Milliseconds" if name == DURATION else "Count"} for name in values]
        directive = {"Namespace": self._namespace, "Dimensions": [_DIMENSIONS], "Metrics": units}
        members = {"_aws": {"Timestamp": ended, "CloudWatchMetrics": [directive]}, **self._names, "edge": edge}
        return format_json({**members, **values}).decode() + "\n"


def _print(line: str) -> None:
    # At once: what is still in a buffer when the environment freezes is read at the next invocation, or never.
    sys.stdout.write(line)
    sys.stdout.flush()


class CountedDeadLetters:
    """A port for dead letters that tells somebody of each that it has put away."""

    def __init__(self, port: "DeadLetterPort", count: "Callable[[], None]") -> None:
        self._port = port
        self._count = count

    def put(self, letter: "DeadLetter") -> None:
        """Pass a letter on.

        Raises:
            Unavailable: The queue of dead letters could not be reached.
        """
        self._port.put(letter)
        self._count()
