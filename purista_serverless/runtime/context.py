"""What a handler is given besides its payload."""

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.errors import UndeclaredUse
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Message, Party
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.function import address_of
from purista_serverless.runtime.ids import derived_id
from purista_serverless.runtime.trace import continued, trace_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from logging import LoggerAdapter

    from purista_serverless.builder.handles import Command, Event, Queue
    from purista_serverless.builder.values import Config, Secret
    from purista_serverless.message import Job
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.log import ContextLogger
    from purista_serverless.runtime.ports import Ports

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")


@cache
def _logger_class() -> "type[ContextLogger]":
    """Load what logs when the first handler does; asked once, since an import statement is slow for each message."""
    from purista_serverless.runtime.log import ContextLogger

    return ContextLogger


class JobControl:
    """A job's side of its context: lease, fence, progress, cancellation. This one is for untracked deliveries."""

    __slots__ = ("attempt", "stopping")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.stopping = False

    @property
    def fence(self) -> int | None:
        """Give the fence token of the lease, ``None`` where no record keeps one."""
        return None

    def cancel_requested(self) -> bool:
        """Say whether the handler should stop."""
        return self.stopping

    def extend(self, lease_until: int) -> bool:
        """Note until when the lease was extended; ``False`` if it is lost. Here nobody keeps it."""
        return True

    def progress(self, value: Any) -> None:
        """Refuse: an untracked job has no record to write progress to."""
        problem = "progress is kept for tracked jobs only; declare the queue with tracking='full'"
        raise UndeclaredUse("this handler", "report progress of", "an untracked job", problem)


class Context:
    """What a handler is given: the message, and the declared ways out.

    ``emit``, ``enqueue`` and ``invoke`` act when they are called. In ``async def`` handlers the variants ``aemit``,
    ``aenqueue`` and ``ainvoke`` do the same without blocking the event loop. Ids of what is sent are derived from the
    handled message, the handler, the target and the n-th use, so that a rerun of the handler repeats the same ids and
    another handler of the same message has ids of its own.

    Attributes:
        message: What is handled: a ``Message``, or a ``Job`` in a worker. Its payload is as it came.
    """

    __slots__ = ("_log", "_traceparent", "_uses", "control", "function", "message", "ports")

    def __init__(
        self, function: "Function", message: "Message | Job", ports: "Ports", control: JobControl | None = None
    ) -> None:
        self.function = function
        self.message = message
        self.ports = ports
        self.control = control
        self._uses: dict[str, int] | None = None
        self._traceparent: str | None = None
        self._log: LoggerAdapter[Any] | None = None

    @property
    def log(self) -> "LoggerAdapter[Any]":
        """Give a logger whose records carry the correlation fields."""
        if self._log is None:
            self._log = _logger_class()(self)
        return self._log

    @property
    def correlation_id(self) -> str:
        """Give the id that all messages of one business operation share."""
        return self.message.correlation_id or self.message.id

    @property
    def tenant_id(self) -> str | None:
        """Give the tenant that the message was sent for."""
        return self.message.tenant_id

    @property
    def principal_id(self) -> str | None:
        """Give the principal that caused the message."""
        return self.message.principal_id

    @property
    def traceparent(self) -> str:
        """Give W3C's trace context for what this handler sends: the message's trace, a span of its own."""
        if self._traceparent is None:
            self._traceparent = continued(self.message.traceparent, self.message.trace_id)
        return self._traceparent

    @property
    def trace_id(self) -> str:
        """Give the id of the trace that the message belongs to."""
        return self.message.trace_id or trace_id_of(self.traceparent) or ""

    def continue_trace(self, traceparent: str) -> None:
        """Continue with a span that a tracer has opened."""
        self._traceparent = traceparent

    @property
    def now(self) -> "datetime":
        """Give the time of the host's clock, in UTC; virtual in tests."""
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self.ports.clock.now() / 1000, tz=UTC)

    @property
    def attempt(self) -> int:
        """Give the number of this run, from 1; always 1 for a command."""
        return self.control.attempt if self.control is not None else 1

    @property
    def job_id(self) -> str:
        """Give the id of the handled job; for other messages, the message's id."""
        return self.message.id

    @property
    def fence(self) -> int | None:
        """Give a number that grows with every lease of a tracked job; ``None`` for what is not tracked.

        Write it next to your own data, and refuse writes whose fence is lower: a run that lost its lease without
        noticing can then do no harm.
        """
        return self.control.fence if self.control is not None else None

    def cancel_requested(self) -> bool:
        """Say whether the handler should stop: its run was replaced, its lease lost, or its host shuts down."""
        return self.control is not None and self.control.cancel_requested()

    def progress(self, value: Any) -> None:
        """Record how far a tracked job is.

        Args:
            value: A JSON value, or what becomes one: a model, a dataclass, a date.

        Raises:
            LeaseLost: Another delivery owns the job now.
            UndeclaredUse: The queue is not tracked.
            ValueError: A part of the value has no JSON form.
        """
        from purista_serverless.schema.codec import dump_any

        (self.control or JobControl(1)).progress(plain_json(dump_any(value)))

    def emit(self, event: "Event[T]", payload: T) -> str:
        """Send an event and give its message id.

        Raises:
            UndeclaredUse: The handler did not declare ``can_emit=[event]``.
            InvalidPayload: The payload is not of the event's type.
            Unavailable: The event could not be handed over.
        """
        message = self._event(event, payload)
        self.ports.events.publish(message)
        return message.id

    async def aemit(self, event: "Event[T]", payload: T) -> str:
        """Send an event, as ``emit`` does, without blocking the event loop."""
        message = self._event(event, payload)
        await self._offload(self.ports.events.publish, message)
        return message.id

    def enqueue(
        self,
        queue: "Queue[P, Any]",
        payload: P,
        parameter: Any = None,
        *,
        delay: "timedelta | None" = None,
        scheduled_at: "datetime | None" = None,
        idempotency_key: str | None = None,
        priority: int = 0,
        max_attempts: int | None = None,
        headers: "Mapping[str, str] | None" = None,
    ) -> str:
        """Enqueue a job and give its id.

        Args:
            queue: The queue.
            payload: The job's payload.
            parameter: The job's parameter, if the queue declares one.
            delay: Time until the job may start.
            scheduled_at: When the job may start, instead of ``delay``; an aware datetime.
            idempotency_key: Names the work. On a strict queue a second enqueue with the same key and payload gives
                the first job's id and sends nothing.
            priority: 0 up to the queue's ``priorities`` - 1; higher goes first.
            max_attempts: Fewer attempts than the queue declares.
            headers: Texts that travel with the job; ``traceparent`` and names with ``purista.`` are the kit's own.

        Raises:
            UndeclaredUse: The handler did not declare ``can_enqueue=[queue]``.
            InvalidPayload: The payload or the parameter is not of the queue's type.
            BoundExceeded: A bound of the queue is exceeded.
            HandledError: 409, the same key was used with another payload.
            RetryLater: Somebody else is just enqueueing the same key.
            Unavailable: The job could not be handed over.
        """
        return self._enqueuing(
            queue,
            payload,
            parameter,
            delay=delay,
            scheduled_at=scheduled_at,
            idempotency_key=idempotency_key,
            priority=priority,
            max_attempts=max_attempts,
            headers=headers,
        )()

    async def aenqueue(self, queue: "Queue[P, Any]", payload: P, parameter: Any = None, **options: Any) -> str:
        """Enqueue a job, as ``enqueue`` does, without blocking the event loop."""
        job_id: str = await self._offload(self._enqueuing(queue, payload, parameter, **options))
        return job_id

    def invoke(self, command: "Command[P, R]", payload: P, parameter: Any = None) -> R:
        """Invoke a command and give its result.

        Raises:
            UndeclaredUse: The handler did not declare ``can_invoke=[command]``.
            InvalidPayload: The payload, the parameter or the answer is not of the declared type.
            HandledError: The command refused.
            InvocationFailed: The command failed.
            Unavailable: The command could not be reached.
        """
        from purista_serverless.runtime.invoke import result_of

        return result_of(command, self.ports.commands.invoke(self._command(command, payload, parameter)))

    async def ainvoke(self, command: "Command[P, R]", payload: P, parameter: Any = None) -> R:
        """Invoke a command, as ``invoke`` does, without blocking the event loop."""
        from purista_serverless.runtime.invoke import result_of

        return result_of(command, await self.ports.commands.ainvoke(self._command(command, payload, parameter)))

    def config(self, setting: "Config[T]") -> T:
        """Give a configuration value, its default where the environment sets none.

        Raises:
            UndeclaredUse: The handler did not declare ``uses=[setting]``.
            InvalidPayload: What the environment holds is not of the declared type, or nothing is set.
        """
        from purista_serverless.schema import codec_of

        self._check_read(setting.name)
        value = self.ports.settings.config(setting.name)
        if value is None and setting.has_default:
            return setting.default  # type: ignore[return-value]
        declared: Any = setting.type
        codec, subject = codec_of(declared), f"configuration {setting.name!r}"
        found: T = codec.load_text(value, subject) if isinstance(value, str) else codec.load(value, subject)
        return found

    def secret(self, setting: "Secret") -> str:
        """Give a secret.

        Raises:
            UndeclaredUse: The handler did not declare ``uses=[setting]``.
            LookupError: The environment does not hold it.
        """
        self._check_read(setting.name)
        value = self.ports.settings.secret(setting.name)
        if value is None:
            problem = f"the secret {setting.name!r} is not set in this environment"
            raise LookupError(problem)
        return value

    def _check_read(self, name: str) -> None:
        if name not in self.function.may_read:
            raise UndeclaredUse(self.function.name, "read", name, "add it to uses=[...] of the handler")

    def _next_use(self, target: str) -> tuple[str, str, str, str, int]:
        """Count the uses of a target, and give what the id of the next message to it is derived from.

        The handler is part of it: two subscriptions that are given the same message are two senders.
        """
        if self._uses is None:
            self._uses = {}
        count = self._uses.get(target, 0)
        self._uses[target] = count + 1
        return self.message.id, self.function.kind, self.function.name, target, count

    def _event(self, event: "Event[Any]", payload: Any) -> Message:
        name = event.name
        if name not in self.function.can_emit:
            fix = "add the event to can_emit=[...] of the handler"
            raise UndeclaredUse(self.function.name, "emit", name, fix)
        from purista_serverless.schema import codec_of

        raw = codec_of(event.payload).dump_json(payload, f"event {name}")
        return self._message(f"event:{name}", CUSTOM_MESSAGE, raw, event_name=name)

    def _command(self, command: "Command[Any, Any]", payload: Any, parameter: Any) -> Message:
        service, version, name = address_of(command)
        if (service, version, name) not in self.function.can_invoke:
            fix = "add the command to can_invoke=[...] of the handler"
            raise UndeclaredUse(self.function.name, "invoke", f"{service} v{version} > {name}", fix)
        from purista_serverless.schema import codec_of

        raw = codec_of(command.payload).dump_json(payload, f"payload of {name}")
        given = codec_of(command.parameter).dump_json(parameter, f"parameter of {name}")
        receiver = Party(service, version, name)
        target = f"command:{service}.{version}.{name}"
        return self._message(target, COMMAND, raw, parameter=given, receiver=receiver)

    def _message(
        self,
        target: str,
        message_type: str,
        payload: bytes,
        *,
        event_name: str | None = None,
        parameter: bytes | None = None,
        receiver: Party | None = None,
    ) -> Message:
        return Message(
            id=derived_id(*self._next_use(target)),
            timestamp=self.ports.clock.now(),
            message_type=message_type,
            payload=payload,
            parameter=parameter,
            event_name=event_name,
            correlation_id=self.correlation_id,
            causation_id=self.message.id,
            trace_id=self.trace_id,
            traceparent=self.traceparent,
            tenant_id=self.tenant_id,
            principal_id=self.principal_id,
            sender=self.function.party,
            receiver=receiver,
        )

    def _enqueuing(
        self, queue: "Queue[Any, Any]", payload: Any, parameter: Any = None, **options: Any
    ) -> "Callable[[], str]":
        if queue.name not in self.function.can_enqueue:
            fix = "add the queue to can_enqueue=[...] of the handler"
            raise UndeclaredUse(self.function.name, "enqueue to", queue.name, fix)
        from purista_serverless.message.job import SOURCE_MESSAGE_HEADER
        from purista_serverless.runtime.enqueue import Enqueue, QueueSpec

        origin = derived_id(*self._next_use(f"queue:{queue.name}"))
        source = {SOURCE_MESSAGE_HEADER: self.message.id}
        spec = self.function.queues.get(queue.name) or QueueSpec.of(queue)
        order = Enqueue.of(spec, payload, parameter, cause=self, origin=origin, source=source, **options)
        return lambda: order.send(self.ports)

    async def _offload(self, call: "Callable[..., Any]", *arguments: Any) -> Any:
        if self.ports.offload is None:
            return call(*arguments)
        return await self.ports.offload(call, *arguments)
