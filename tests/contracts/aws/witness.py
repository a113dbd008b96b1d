"""What leaves an environment, written down on its way, and struck by faults; what its handlers do, likewise."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Any

from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.errors import CancelJob, HandledError, RetryLater
from purista_serverless.message import Cancelled, Failed, Job, Message, Outcome, Rejected, Retry, Success
from purista_serverless.runtime.context import Context
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.testing.faults import Faults, Guarded, Instance
from purista_serverless.testing.journal import Journal
from tests.contracts.aws.functions import Environment
from tests.contracts.aws.mappings import Record
from tests.contracts.aws.strands import Running

_GUARDED = ("events", "queues", "commands", "schedules", "dead_letters", "ledger", "visibility")

Pace = Callable[[Callable[..., Any], int], int]
"""Gives how long a handler takes besides what it sleeps, in milliseconds, from the handler and the attempt's number."""


class Witness:
    """Events, jobs, calls and dead letters on their way out; each is sent twice where a fault wants that."""

    def __init__(self, ports: AwsPorts, journal: Journal, faults: Faults) -> None:
        self._events, self._queues = ports.events, ports.queues
        self._schedules, self._letters = ports.schedules, ports.dead_letters
        self._journal = journal
        self._faults = faults

    def publish(self, message: Message) -> None:
        """Hand an event on."""
        for _ in range(1 + self._faults.is_duplicated()):
            self._events.publish(message)
        self._journal.events.append(message)

    def send(self, job: Job, *, delay: int) -> None:
        """Hand a job on."""
        for _ in range(1 + (job.ordering_key is None and self._faults.is_duplicated())):
            self._queues.send(job, delay=delay)
        self._journal.enqueued(job)

    def call(self, schedule: str, message: Message) -> None:
        """Hand a call on."""
        for _ in range(1 + self._faults.is_duplicated()):
            self._schedules.call(schedule, message)

    def knock(self, schedule: str) -> None:
        """Hand a knock on."""
        self._schedules.knock(schedule)

    def put(self, letter: DeadLetter) -> None:
        """Hand a dead letter on."""
        self._letters.put(letter)
        self._journal.buried(letter)


def witness(ports: AwsPorts, journal: Journal, faults: Faults) -> None:
    """Have a journal kept of what leaves through some ports."""
    seen: Any = Witness(ports, journal, faults)
    ports.events = ports.queues = ports.schedules = ports.dead_letters = seen


def guard(ports: AwsPorts, instance: Instance) -> None:
    """Have the calls of some ports struck by faults, and reach nothing once their process is dead."""
    for name in _GUARDED:
        setattr(ports, name, Guarded(getattr(ports, name), name, instance))


def watch(function: Function, environment: Environment, journal: Journal, pace: Pace) -> None:
    """Have a journal kept of the runs of a function's handler, each of which takes its time."""
    handler = function.handler

    def watched(ctx: Context, *arguments: Any, **resources: Any) -> Any:
        with _noted(function, environment, journal, ctx) as note:
            try:
                return note(handler(ctx, *arguments, **resources))
            finally:
                _take(pace(handler, ctx.attempt))

    async def awatched(ctx: Context, *arguments: Any, **resources: Any) -> Any:
        with _noted(function, environment, journal, ctx) as note:
            return note(await handler(ctx, *arguments, **resources))

    function.handler = awatched if iscoroutinefunction(handler) else watched


def _take(duration: int) -> None:
    if duration and Running.strand is not None:
        Running.strand.stay(duration)


@contextmanager
def _noted(
    function: Function, environment: Environment, journal: Journal, ctx: Context
) -> Iterator[Callable[[Any], Any]]:
    """Write down a run from its start to its end; what is given to the function that this yields is its result."""
    record: Any = _record_of(environment, ctx)
    entry = journal.started(record) if record is not None else None
    results: list[Any] = []

    def note(value: Any) -> Any:
        results.append(value)
        return value

    try:
        yield note
    except Exception as error:
        journal.ended(entry, outcome_of(error))
        raise
    else:
        journal.ended(entry, _result_of(function, results[0]))


def _record_of(environment: Environment, ctx: Context) -> Record | None:
    invocation = environment.invocation
    found: tuple[Record, ...] = invocation.records if invocation is not None else ()
    return next((record for record in found if record.id == ctx.message.id), None)


def _result_of(function: Function, value: Any) -> Outcome:
    if function.result is None:
        return Success(None)
    try:
        return Success(function.result.dump_json(value, function.result_subject))
    except Exception as error:  # noqa: BLE001 - the run fails by it, and its caller will hear of it
        return Failed(error)


def outcome_of(error: Exception) -> Outcome:
    """Give what the core makes of an error that a handler raises."""
    match error:
        case HandledError():
            return Rejected(error)
        case RetryLater():
            return Retry(None, error.reason)
        case CancelJob():
            return Cancelled(error.reason)
        case _:
            return Failed(error)
