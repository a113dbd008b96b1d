"""A context for one handler, so that a unit test is a function call."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from purista_serverless.errors import DeclarationError
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Outcome, Party
from purista_serverless.message.job import PRINCIPAL_HEADER, RUN_HEADER, TENANT_HEADER
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.context import Context, JobControl
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.function import Function, address_of
from purista_serverless.schema import codec_of
from purista_serverless.testing.answers import answers_of
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import (
    MemorySettings,
    RecordingCommands,
    RecordingEvents,
    RecordingQueues,
    ports,
)
from purista_serverless.testing.wiring import address_of_message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.handles import Command, Event, Queue
    from purista_serverless.runtime.ports import Ports

T = TypeVar("T")
P = TypeVar("P")

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued(Generic[P]):
    """A job that a handler enqueued, with its payload and parameter loaded back."""

    job_id: str
    payload: P
    parameter: Any
    delay: timedelta
    idempotency_key: str | None
    priority: int
    headers: "Mapping[str, str]"


class RecordingControl(JobControl):
    """A job's side of a test's context: keeps the progress, and asks to stop when told."""

    __slots__ = ("_fence", "reported")

    def __init__(self, attempt: int, *, stopping: bool, is_tracked: bool) -> None:
        super().__init__(attempt)
        self.stopping = stopping
        self.reported: list[Any] = []
        self._fence = attempt if is_tracked else None

    @property
    def fence(self) -> int | None:
        """Give the fence token, as if no lease had been lost: the number of the attempt."""
        return self._fence

    def progress(self, value: Any) -> None:
        """Keep a progress value; refuse where production does."""
        if self._fence is None:
            super().progress(value)
        self.reported.append(value)


class TestContext(Context):
    """A real ``Context`` whose ways out only record; get one from ``testing.context``.

    What was not declared fails with ``UndeclaredUse``, as in production.
    """

    __slots__ = ("_commands", "_control", "_events", "_queues", "clock")
    __test__ = False  # not a test case, whatever its name looks like to pytest

    def __init__(
        self,
        function: Function,
        message: Message | Job,
        outside: "Ports",
        control: RecordingControl,
        *,
        clock: VirtualClock,
        events: RecordingEvents,
        queues: RecordingQueues,
        commands: RecordingCommands,
    ) -> None:
        super().__init__(function, message, outside, control)
        self.clock = clock
        self._control = control
        self._events = events
        self._queues = queues
        self._commands = commands

    def emitted(self, event: "Event[T]") -> list[T]:
        """Give the payloads of the events of this kind that the handler emitted, oldest first."""
        codec = codec_of(event.payload)
        found = [message for message in self._events.messages if message.event_name == event.name]
        return [_load(codec, message.payload) for message in found]

    def enqueued(self, queue: "Queue[P, Any]") -> "list[Enqueued[P]]":
        """Give the jobs that the handler enqueued on a queue, oldest first."""
        return [_enqueued(queue, job, delay) for job, delay in self._queues.sent if job.queue == queue.name]

    def invoked(self, command: "Command[P, Any]") -> list[P]:
        """Give the payloads with which the handler invoked a command, oldest first."""
        address, codec = address_of(command), codec_of(command.payload)
        found = [message for message in self._commands.messages if address_of_message(message) == address]
        return [_load(codec, message.payload) for message in found]

    @property
    def reported(self) -> list[Any]:
        """Give the progress that the handler reported, oldest first."""
        return self._control.reported

    def dispatch(self, payload: Any, parameter: Any = None) -> Outcome:
        """Run a sync handler as a host does: checks, guards, transforms, resources; give the outcome.

        ``bytes`` as payload or parameter are JSON as it could come from anywhere, right or wrong.
        """
        return dispatch(self.function, self._filled(payload, parameter), self.ports, self._control)

    async def adispatch(self, payload: Any, parameter: Any = None) -> Outcome:
        """Run an async handler, as ``dispatch`` does."""
        return await adispatch(self.function, self._filled(payload, parameter), self.ports, self._control)

    def _filled(self, payload: Any, parameter: Any) -> Message | Job:
        function = self.function
        return self.message.replace(
            payload=_dump(function.payload, payload, function.payload_subject),
            parameter=_dump(function.parameter, parameter, function.parameter_subject),
        )


def context(
    handler: "Callable[..., Any]",
    *,
    tenant_id: str | None = None,
    principal_id: str | None = None,
    message_id: str = "00000000-0000-8000-8000-000000000001",
    correlation_id: str | None = None,
    headers: "Mapping[str, str] | None" = None,
    run_id: str | None = None,
    attempt: int = 1,
    cancel_requested: bool = False,
    is_tracked: bool | None = None,
    now: datetime = _NOW,
    resources: "Mapping[str, Any] | None" = None,
    config: "Mapping[str, Any] | None" = None,
    secrets: "Mapping[str, str] | None" = None,
    commands: "Mapping[Command[Any, Any], Any] | None" = None,
) -> TestContext:
    """Make a context with which a test calls a handler.

    Args:
        handler: The handler function.
        tenant_id: The tenant that the message is for.
        principal_id: The principal that caused the message.
        message_id: Id of the message, or of the job.
        correlation_id: The correlation; the message's id when omitted.
        headers: A job's headers.
        run_id: The schedule run that the message belongs to.
        attempt: The number of the run.
        cancel_requested: What ``ctx.cancel_requested()`` says.
        is_tracked: Whether a job has a record, and so a fence and progress. What its queue declares when omitted; say
            it where only a binding or a schedule asks for it.
        now: What ``ctx.now`` says; 2026-01-01 in UTC when omitted.
        resources: For ``ctx.dispatch``: what the handler is given, by name. A direct call passes them itself.
        config: Configuration values by name, as JSON values.
        secrets: Secrets by name.
        commands: Answers by command handle: a result, or a function from the payload (and the parameter, if the
            command has one) that returns the result or raises ``HandledError``.

    Raises:
        DeclarationError: The function is no handler.

    Example:
        >>> from purista_serverless import ServiceBuilder
        >>> shop = ServiceBuilder("Shop", version="1")
        >>> ordered = shop.event("shop.ordered", int)
        >>> place = shop.command("place", int, None)
        >>> @place.handler(can_emit=[ordered])
        ... def place_order(ctx, amount):
        ...     ctx.emit(ordered, amount)
        >>> ctx = context(place_order)
        >>> place_order(ctx, 3)
        >>> ctx.emitted(ordered)
        [3]
    """
    declaration = getattr(handler, "__purista__", None)
    if declaration is None:
        raise DeclarationError(f"{handler!r} is no handler; register it with a decorator such as @queue.worker()")
    function = Function(declaration)
    clock, events, queues = VirtualClock(now), RecordingEvents(), RecordingQueues()
    answering = RecordingCommands(answers_of(commands))
    outside = ports(
        clock,
        events=events,
        queues=queues,
        commands=answering,
        settings=MemorySettings(config, secrets),
        resources=resources,
    )
    tracked = _is_tracked(declaration.target) if is_tracked is None else is_tracked
    control = RecordingControl(attempt, stopping=cancel_requested, is_tracked=tracked)
    if function.kind != "worker" and headers:
        raise DeclarationError(f"{function.name} is no worker; only jobs have headers")
    identity = {TENANT_HEADER: tenant_id, PRINCIPAL_HEADER: principal_id, RUN_HEADER: run_id}
    message: Message | Job
    if function.kind == "worker":
        travelling = {name: value for name, value in identity.items() if value is not None}
        message = Job(
            id=message_id,
            queue=declaration.target.name,
            payload=None,
            created_at=clock.now(),
            correlation_id=correlation_id,
            headers={**(headers or {}), **travelling},
        )
    else:
        message = _message(function, message_id, clock.now(), correlation_id).replace(
            tenant_id=tenant_id, principal_id=principal_id, run_id=run_id
        )
    return TestContext(
        function, message, outside, control, clock=clock, events=events, queues=queues, commands=answering
    )


def _message(function: Function, message_id: str, now: int, correlation_id: str | None) -> Message:
    is_command = function.kind == "command"
    event = getattr(function.declaration.target, "event", None)
    return Message(
        id=message_id,
        timestamp=now,
        message_type=COMMAND if is_command else CUSTOM_MESSAGE,
        event_name=None if event is None else event.name,
        correlation_id=correlation_id,
        receiver=function.party if is_command else None,
        sender=Party("test", "1", "test"),
    )


def _is_tracked(target: Any) -> bool:
    """Say whether a queue is tracked by its own declaration; what a schedule or binding implies is not known here."""
    return getattr(target, "kind", None) == "queue" and target.needs_records


def _dump(codec: Any, value: Any, subject: str) -> bytes:
    return value if isinstance(value, bytes) else codec.dump_json(value, subject)


def _load(codec: Any, payload: Any) -> Any:
    return codec.load_json(payload if isinstance(payload, bytes) else format_json(payload))


def _enqueued(queue: "Queue[P, Any]", job: Job, delay: int) -> "Enqueued[P]":
    return Enqueued(
        job_id=job.id,
        payload=_load(codec_of(queue.payload), job.payload),
        parameter=_load(codec_of(queue.parameter), job.parameter),
        delay=timedelta(milliseconds=delay),
        idempotency_key=job.idempotency_key,
        priority=job.priority,
        headers=dict(job.headers),
    )
