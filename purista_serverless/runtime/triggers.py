"""What the runs of schedules send: events, jobs and calls, with ids derived from the run."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Message, Party
from purista_serverless.runtime.enqueue import Enqueue
from purista_serverless.runtime.function import INSTANCE
from purista_serverless.runtime.ids import derived_id
from purista_serverless.runtime.keys import Key
from purista_serverless.runtime.runs import call_token

if TYPE_CHECKING:
    from purista_serverless.model import Schedule
    from purista_serverless.runtime.enqueue import QueueSpec
    from purista_serverless.runtime.parts import DeclaredSchedule
    from purista_serverless.runtime.ports import Ports
    from purista_serverless.schema import Codec


class RunCause:
    """A run as the cause of what it sends; its trace is derived too, so that a repeated trigger repeats it."""

    __slots__ = ("correlation_id", "principal_id", "run_id", "tenant_id", "trace_id", "traceparent")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.correlation_id: str | None = derived_id(run_id, "correlation")
        self.trace_id: str | None = derived_id(run_id, "trace")
        self.traceparent: str | None = f"00-{self.trace_id}-{derived_id(run_id, 'span')[:15]}1-01"
        self.tenant_id: str | None = None
        self.principal_id: str | None = None


def run_message(schedule: str, message_type: str, cause_id: str, payload: bytes, **fields: Any) -> Message:
    """Give the event or the call of a run. Id and trace follow from the run, so that firing again repeats them.

    Args:
        schedule: Name of the schedule, who sends it.
        message_type: A call is a ``command``, an event anything else.
        cause_id: Id of the run.
        payload: What is sent.
        fields: Further fields of the message; ``run_id`` among them where somebody waits for the run.
    """
    cause = RunCause(cause_id)
    # No part of an address has a dot.
    service, version, name = schedule.split(".")
    return Message(
        id=derived_id(schedule, "call" if message_type == COMMAND else "event", cause_id),
        message_type=message_type,
        payload=payload,
        correlation_id=cause.correlation_id,
        trace_id=cause.trace_id,
        traceparent=cause.traceparent,
        sender=Party(service, version, name, INSTANCE),
        **fields,
    )


class _Trigger:
    """What the three kinds have in common: payload, key, sender."""

    __slots__ = ("codec", "key", "schedule", "tracks_runs", "zone")

    def __init__(self, schedule: "Schedule | DeclaredSchedule", codec: "Codec") -> None:
        self.schedule = schedule
        self.codec = codec
        self.key = Key(schedule.idempotency_key, codec) if schedule.idempotency_key is not None else None
        self.zone = ZoneInfo(schedule.timezone)
        # Under ``allow`` nobody asks whether a run is open; its jobs may be untracked and would never say.
        self.tracks_runs = schedule.concurrency != "allow"

    def payload(self, slot: int) -> bytes:
        """Give the dumped payload of a slot."""
        value = self._at(slot, self.schedule.payload)
        return self.codec.dump_json(value, f"payload of schedule {self.schedule.name}")

    def parameter(self, codec: "Codec", slot: int) -> bytes:
        """Give the dumped parameter of a slot."""
        value = self._at(slot, self.schedule.parameter)
        return codec.dump_json(value, f"parameter of schedule {self.schedule.name}")

    def _at(self, slot: int, given: Any) -> Any:
        return given(datetime.fromtimestamp(slot / 1000, tz=UTC).astimezone(self.zone)) if callable(given) else given

    def message(self, message_type: str, run_id: str, payload: bytes, **fields: Any) -> Message:
        """Give the message of a run."""
        tracked = run_id if self.tracks_runs else None
        return run_message(self.schedule.name, message_type, run_id, payload, run_id=tracked, **fields)


class EventTrigger(_Trigger):
    """Emit an event; the run waits for every binding that makes a job of it.

    Args:
        schedule: The schedule.
        codec: The event's payload.
        event: The event's name.
        bindings: The edges that bind the event to queues.
    """

    __slots__ = ("bindings", "event")

    def __init__(
        self, schedule: "Schedule | DeclaredSchedule", codec: "Codec", event: str, bindings: tuple[str, ...]
    ) -> None:
        super().__init__(schedule, codec)
        self.event = event
        self.bindings = bindings

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Give one token per binding."""
        return self.bindings

    def fire(self, run_id: str, slot: int, ports: "Ports") -> None:
        """Publish the event.

        The key travels beside its id: each slot is an event, also when it asks for the same work.
        """
        payload = self.payload(slot)
        message = self.message(
            CUSTOM_MESSAGE,
            run_id,
            payload,
            event_name=self.event,
            idempotency_key=self.key.of(payload) if self.key is not None else None,
            timestamp=ports.clock.now(),
        )
        ports.events.publish(message)


class JobTrigger(_Trigger):
    """Enqueue a job; the run waits for it."""

    __slots__ = ("spec",)

    def __init__(self, schedule: "Schedule | DeclaredSchedule", spec: "QueueSpec") -> None:
        super().__init__(schedule, spec.payload)
        self.spec = spec

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Give the token of the job."""
        return (self._order(run_id, slot).job_token,)

    def fire(self, run_id: str, slot: int, ports: "Ports") -> None:
        """Enqueue the job."""
        self._order(run_id, slot).send_for_run(ports)

    def _order(self, run_id: str, slot: int) -> Enqueue:
        payload = self.payload(slot)
        return Enqueue(
            self.spec,
            payload,
            self.parameter(self.spec.parameter, slot),
            cause=RunCause(run_id),
            origin=run_id,
            idempotency_key=self.key.of(payload) if self.key is not None else None,
            run_id=run_id if self.tracks_runs else None,
        )


class CallTrigger(_Trigger):
    """Call a command on an edge of its own, with retries and dead letters; the run waits for its end."""

    __slots__ = ("parameter_codec", "receiver")

    def __init__(
        self, schedule: "Schedule | DeclaredSchedule", codec: "Codec", parameter_codec: "Codec", receiver: Party
    ) -> None:
        super().__init__(schedule, codec)
        self.parameter_codec = parameter_codec
        self.receiver = receiver

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Give the token of the call."""
        return (call_token(self.schedule.name),)

    def fire(self, run_id: str, slot: int, ports: "Ports") -> None:
        """Send the call."""
        name = self.schedule.name
        message = self.message(
            COMMAND,
            run_id,
            self.payload(slot),
            parameter=self.parameter(self.parameter_codec, slot),
            receiver=self.receiver,
            timestamp=ports.clock.now(),
        )
        ports.schedules.call(name, message)
