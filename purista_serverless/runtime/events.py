"""Consuming events: subscriptions, bindings to queues, and the calls of schedules."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, assert_never

from purista_serverless.errors import (
    BadEvent,
    BoundExceeded,
    HandledError,
    InvalidPayload,
    PuristaServerlessError,
    RetryLater,
    TooLarge,
    Unavailable,
)
from purista_serverless.message import BadInput, Failed, Message, Outcome, Rejected, Retry, Success
from purista_serverless.message.job import SOURCE_EVENT_HEADER, SOURCE_MESSAGE_HEADER
from purista_serverless.message.wire import format_json, plain_json
from purista_serverless.runtime.consume import Attempt, EdgeLifecycle, Interrupted
from purista_serverless.runtime.context import JobControl
from purista_serverless.runtime.dead_letters import bury
from purista_serverless.runtime.enqueue import Enqueue, QueueSpec, milliseconds
from purista_serverless.runtime.invoke import respond
from purista_serverless.runtime.keys import Key
from purista_serverless.runtime.retry import Again, Complete, GiveUp, Stop, decide
from purista_serverless.runtime.runs import (
    binding_token,
    call_token,
    exchange_token,
    is_superseded,
    remove_token,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from purista_serverless.model import Binding, Filter
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.parts import DeclaredBinding
    from purista_serverless.runtime.ports import Delivery, Ports

    Steps = Generator[Attempt, Outcome | Interrupted, None]


class Matcher:
    """A subscription's filter: every given field must match exactly."""

    __slots__ = ("_wanted",)

    def __init__(self, wanted: "Mapping[str, str | None]") -> None:
        self._wanted = {name: value for name, value in wanted.items() if value is not None}

    @classmethod
    def of(cls, given: "Filter") -> "Matcher":
        """Give the matcher of a declared filter."""
        return cls({name: getattr(given, name) for name in given.__slots__})

    @property
    def event(self) -> str | None:
        """Give the name of the event that must match, ``None`` for any."""
        return self._wanted.get("event")

    def matches(self, message: Message) -> bool:
        """Say whether a message matches."""
        return all(_field_of(message, name) == value for name, value in self._wanted.items())


def _field_of(message: Message, name: str) -> str | None:
    side, _, part = name.partition("_")
    if side in {"sender", "receiver"}:
        party = getattr(message, side)
        return getattr(party, part) if party is not None else None
    return message.event_name if name == "event" else getattr(message, name)


class EventConsumer(ABC):
    """What the consumers of messages have in common; attempts are the platform's count.

    Args:
        edge: The asynchronous edge.
        lifecycle: Its numbers.
    """

    __slots__ = ("batch_size", "edge", "is_async", "lifecycle")

    def __init__(self, edge: str, lifecycle: EdgeLifecycle, *, is_async: bool) -> None:
        self.edge = edge
        self.lifecycle = lifecycle
        self.is_async = is_async
        self.batch_size = 1

    def consume(self, delivery: "Delivery", ports: "Ports") -> "Steps":
        """Handle one delivery of a message."""
        try:
            message = Message.decode(delivery.body)
        except BadEvent as error:
            bury(delivery, ports, reason=str(error), attempts=delivery.receives)
            return
        attempt = max(delivery.receives, 1)
        if attempt > 2 * self.lifecycle.max_attempts + 10:
            # The net below the policy: a handler that kills its process leaves no other trace than the count.
            outcome: Outcome | Interrupted | None = Failed(RuntimeError("earlier runs ended without an answer"))
        else:
            outcome = yield from self._handle(message, delivery, attempt, ports)
        if outcome is None:
            delivery.acknowledge()
        elif isinstance(outcome, Interrupted):
            delivery.redeliver(0, counted=False)
        else:
            self._settle(outcome, message, delivery, attempt, ports)

    def validate(self, body: bytes) -> None:
        """Check a dead letter's body against today's types.

        Raises:
            BadEvent: It does not decode.
            InvalidPayload: It does not match; names the fields.
        """
        self._validate(Message.decode(body))

    def redrive(self, body: bytes, generation: int, ports: "Ports") -> bytes:
        """Give the message's body in a new generation, as of now."""
        return Message.decode(body).replace(generation=generation, timestamp=ports.clock.now()).encode()

    @abstractmethod
    def _handle(
        self, message: Message, delivery: "Delivery", attempt: int, ports: "Ports"
    ) -> "Generator[Attempt, Outcome | Interrupted, Outcome | Interrupted | None]":
        """Handle a message; ``None`` when it is none of ours."""

    @abstractmethod
    def _validate(self, message: Message) -> None:
        """Load a message's payload, as its handler would get it."""

    @abstractmethod
    def _end(self, message: Message, ports: "Ports") -> None:
        """Do what follows the end of a message, before it is settled; a redelivery may repeat it."""

    def _run(
        self, function: "Function", message: Message, delivery: "Delivery", control: JobControl, ports: "Ports"
    ) -> "Generator[Attempt, Outcome | Interrupted, Outcome | Interrupted]":
        return (yield Attempt(function, message, ports, control, delivery=delivery, lifecycle=self.lifecycle))

    def _settle(self, outcome: Outcome, message: Message, delivery: "Delivery", attempt: int, ports: "Ports") -> None:
        decision = decide(
            outcome,
            self.lifecycle.retry,
            attempt=attempt,
            since=message.timestamp,
            now=ports.clock.now(),
            random=ports.random,
        )
        with ports.transaction():
            match decision:
                case Again(delay, _):
                    delivery.redeliver(delay, counted=True)
                    return
                case GiveUp(reason):
                    self._bury(reason, message, delivery, attempt, ports)
                case Complete() | Stop():
                    pass
                case _:
                    assert_never(decision)
            self._end(message, ports)
            delivery.acknowledge()

    def _bury(self, reason: str, message: Message, delivery: "Delivery", attempt: int, ports: "Ports") -> None:
        bury(
            delivery,
            ports,
            reason=reason,
            attempts=attempt,
            letter_id=message.id,
            generation=message.generation,
            acknowledge=False,
        )


class SubscriptionConsumer(EventConsumer):
    """Consume the messages of one subscription."""

    __slots__ = ("function", "matcher")

    def __init__(self, edge: str, function: "Function", matcher: Matcher, lifecycle: EdgeLifecycle) -> None:
        super().__init__(edge, lifecycle, is_async=function.is_async)
        self.function = function
        self.matcher = matcher

    def _handle(
        self, message: Message, delivery: "Delivery", attempt: int, ports: "Ports"
    ) -> "Generator[Attempt, Outcome | Interrupted, Outcome | Interrupted | None]":
        # Checked again here: a platform's own filter may be coarser, or older than this code.
        if not self.matcher.matches(message):
            return None
        return (yield from self._run(self.function, message, delivery, JobControl(attempt), ports))

    def _validate(self, message: Message) -> None:
        self.function.payload.load(plain_json(message.payload), self.function.payload_subject)

    def _end(self, message: Message, ports: "Ports") -> None:
        """Do nothing: nobody waits for a subscription."""


class CallControl(JobControl):
    """A call's side of its handler's context: it has no record, yet its run may be replaced."""

    __slots__ = ("_is_replaced",)

    def __init__(self, attempt: int, is_replaced: "Callable[[], bool]") -> None:
        super().__init__(attempt)
        self._is_replaced = is_replaced

    def cancel_requested(self) -> bool:
        """Say whether the host stops, or a newer run replaced this one. Reads the run's record."""
        return self.stopping or self._is_replaced()


class CallConsumer(EventConsumer):
    """Consume the calls that one schedule makes to its command."""

    __slots__ = ("function", "schedule")

    def __init__(self, schedule: str, function: "Function", lifecycle: EdgeLifecycle) -> None:
        super().__init__(f"call:{schedule}", lifecycle, is_async=function.is_async)
        self.schedule = schedule
        self.function = function

    def _handle(
        self, message: Message, delivery: "Delivery", attempt: int, ports: "Ports"
    ) -> "Generator[Attempt, Outcome | Interrupted, Outcome | Interrupted | None]":
        if is_superseded(ports, message.run_id):
            return None
        control = CallControl(attempt, lambda: is_superseded(ports, message.run_id))
        outcome = yield from self._run(self.function, message, delivery, control, ports)
        if is_superseded(ports, message.run_id):
            # A newer run has taken its place meanwhile: whatever came of this one is discarded.
            return None
        if isinstance(outcome, Success) and self.function.success_event is not None:
            try:
                ports.events.publish(respond(self.function, message, outcome, now=ports.clock.now()))
            except Unavailable:
                raise
            except PuristaServerlessError as error:
                return _unsent(error)
        return outcome

    def _validate(self, message: Message) -> None:
        self.function.payload.load(plain_json(message.payload), self.function.payload_subject)
        if self.function.takes_parameter:
            self.function.parameter.load(plain_json(message.parameter), self.function.parameter_subject)

    def _end(self, message: Message, ports: "Ports") -> None:
        remove_token(ports, message.run_id, call_token(self.schedule))


class BindingConsumer(EventConsumer):
    """Turn the events of one binding into jobs."""

    __slots__ = ("binding", "event_type", "matcher", "spec")

    def __init__(
        self, binding: "Binding | DeclaredBinding", event_type: Any, spec: QueueSpec, lifecycle: EdgeLifecycle
    ) -> None:
        super().__init__(f"binding:{binding.event}:{binding.queue}", lifecycle, is_async=False)
        self.binding = binding
        self.spec = spec
        self.event_type = event_type
        wanted = {
            "event": binding.event,
            "sender_service": binding.sender_service,
            "sender_version": binding.sender_version,
        }
        self.matcher = Matcher(wanted)

    def _handle(
        self, message: Message, delivery: "Delivery", attempt: int, ports: "Ports"
    ) -> "Generator[Attempt, Outcome | Interrupted, Outcome | Interrupted | None]":
        yield from ()
        return self._bind(message, ports) if self.matcher.matches(message) else None

    def _validate(self, message: Message) -> None:
        self._order(message)

    def _bind(self, message: Message, ports: "Ports") -> Outcome:
        """Enqueue the job of an event; the run that the event belongs to waits for the job from then on."""
        try:
            order = self._order(message)
        except InvalidPayload as error:
            return BadInput(error.subject, error.problems)
        except BoundExceeded as error:
            return Rejected(HandledError(422, str(error)))
        except Exception as error:  # noqa: BLE001 - mapping, filter and key are the user's code
            return Failed(error)
        if order is None or not self._join_run(order, ports):
            return Success(None)
        try:
            order.send_for_run(ports)
        except HandledError as error:
            remove_token(ports, order.run_id, order.job_token)
            return Rejected(error)
        except RetryLater as error:
            return Retry(None if error.delay is None else milliseconds(error.delay), error.reason)
        except Unavailable:
            raise
        except PuristaServerlessError as error:
            # Until there is a job the run waits for the binding: nobody else would tell it of a dead letter.
            self._leave_run(order, ports)
            return _unsent(error)
        return Success(None)

    def _join_run(self, order: Enqueue, ports: "Ports") -> bool:
        if order.run_id is None:
            return True
        return exchange_token(ports, order.run_id, binding_token(self.edge), order.job_token)

    def _leave_run(self, order: Enqueue, ports: "Ports") -> None:
        if order.run_id is not None:
            exchange_token(ports, order.run_id, order.job_token, binding_token(self.edge))

    def _order(self, message: Message) -> Enqueue | None:
        """Give the enqueue that an event asks for, ``None`` if the binding does not accept it."""
        from purista_serverless.schema import codec_of

        binding = self.binding
        raw = message.payload if type(message.payload) is bytes else format_json(message.payload)
        event = codec_of(self.event_type).load_json(raw, f"event {binding.event}")
        if binding.accepts is not None and not binding.accepts(event):
            return None
        payload = binding.map_payload(event) if binding.map_payload is not None else self.spec.payload.load_json(raw)
        parameter = binding.map_parameter(event) if binding.map_parameter is not None else None
        return bound(self.spec, message, binding.event, payload, parameter, key=self._key(message, raw))

    def _key(self, message: Message, raw: bytes) -> str | None:
        from purista_serverless.schema import codec_of

        source = self.binding.idempotency_key
        match source:
            case None:
                return None
            case "messageId":
                return own_key(message)
            case "correlationId":
                return message.correlation_id
            case str():
                return Key(source, codec_of(self.event_type)).of(raw)
            case _:
                return source(message.replace(payload=plain_json(raw)))

    def _end(self, message: Message, ports: "Ports") -> None:
        # Nothing to remove where the job took the token's place.
        remove_token(ports, message.run_id, binding_token(self.edge))


def _unsent(error: PuristaServerlessError) -> Outcome:
    """Give the outcome of what a port did not take: too big stays too big, the rest may be a deployment under way."""
    return Rejected(HandledError(422, str(error))) if isinstance(error, TooLarge) else Failed(error)


def bound(
    spec: QueueSpec, message: Message, event: str, payload: Any, parameter: Any = None, *, key: str | None
) -> Enqueue:
    """Give the enqueue that a binding makes of an event; the same event always makes the same job.

    Args:
        spec: The queue.
        message: The event's message.
        event: The event's name.
        payload: The job's payload.
        parameter: The job's parameter.
        key: The job's idempotency key, if it has one.
    """
    return Enqueue.of(
        spec,
        payload,
        parameter,
        cause=message,
        origin=f"{message.id}:{message.generation}",
        idempotency_key=key,
        source={SOURCE_EVENT_HEADER: event, SOURCE_MESSAGE_HEADER: message.id},
        run_id=message.run_id,
    )


def own_key(message: Message) -> str:
    """Give the key of the work that a message asks for: its own, or its id."""
    return message.idempotency_key or message.id
