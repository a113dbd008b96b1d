"""Typed emit, enqueue, invoke and status outside of handlers: scripts, web servers, tests."""

from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.errors import DeclarationError
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Message, Party
from purista_serverless.runtime.call import Call
from purista_serverless.runtime.enqueue import Enqueue, QueueSpec
from purista_serverless.runtime.function import INSTANCE
from purista_serverless.runtime.invoke import result_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from purista_serverless.builder.handles import Command, Event, Queue
    from purista_serverless.model import Queue as QueueModel
    from purista_serverless.runtime.ports import Ports
    from purista_serverless.runtime.records import JobRecord

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")


class Client:
    """Talk to an application from outside of its handlers.

    Args:
        application: The application's name, for the sender of messages.
        ports: The ways out.
        queues: What is known of the application's queues, by name.
        tenant_id: The tenant on whose behalf calls are made.
        principal_id: The principal on whose behalf calls are made.
    """

    def __init__(
        self,
        application: str,
        ports: "Ports",
        *,
        queues: "Mapping[str, QueueSpec] | None" = None,
        tenant_id: str | None = None,
        principal_id: str | None = None,
    ) -> None:
        self._ports = ports
        self._queues = queues or {}
        self._application = application
        self._tenant_id = tenant_id
        self._principal_id = principal_id

    def on_behalf_of(self, *, tenant_id: str | None = None, principal_id: str | None = None) -> "Client":
        """Give a client that calls for somebody else."""
        return Client(
            self._application, self._ports, queues=self._queues, tenant_id=tenant_id, principal_id=principal_id
        )

    def emit(
        self, event: "Event[T]", payload: T, *, correlation_id: str | None = None, traceparent: str | None = None
    ) -> str:
        """Send an event and give its message id.

        Raises:
            InvalidPayload: The payload is not of the event's type.
            Unavailable: The event could not be handed over.
        """
        from purista_serverless.schema import codec_of

        raw = codec_of(event.payload).dump_json(payload, f"event {event.name}")
        call = self._call(correlation_id, traceparent)
        message = self._message(call, CUSTOM_MESSAGE, raw, event_name=event.name)
        self._ports.events.publish(message)
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
        correlation_id: str | None = None,
        traceparent: str | None = None,
    ) -> str:
        """Enqueue a job and give its id; the arguments and errors are those of ``Context.enqueue``."""
        call = self._call(correlation_id, traceparent)
        order = Enqueue.of(
            self._spec(queue),
            payload,
            parameter,
            cause=call,
            origin=call.id,
            delay=delay,
            scheduled_at=scheduled_at,
            idempotency_key=idempotency_key,
            priority=priority,
            max_attempts=max_attempts,
            headers=headers,
        )
        return order.send(self._ports)

    def invoke(
        self,
        command: "Command[P, R]",
        payload: P,
        parameter: Any = None,
        *,
        correlation_id: str | None = None,
        traceparent: str | None = None,
    ) -> R:
        """Invoke a command and give its result.

        Raises:
            HandledError: The command refused.
            InvocationFailed: The command failed.
            InvalidPayload: Payload, parameter or answer is not of the declared type.
            Unavailable: The command could not be reached.
        """
        message = self._command(command, payload, parameter, self._call(correlation_id, traceparent))
        return result_of(command, self._ports.commands.invoke(message))

    async def ainvoke(self, command: "Command[P, R]", payload: P, parameter: Any = None) -> R:
        """Invoke a command, as ``invoke`` does, without blocking the event loop."""
        message = self._command(command, payload, parameter, self._call(None, None))
        return result_of(command, await self._ports.commands.ainvoke(message))

    def status(self, queue: "Queue[Any, Any] | QueueModel", job_id: str) -> "JobRecord | None":
        """Give the record of a tracked job, ``None`` if there is none or it belongs to somebody else.

        A record may be read by who enqueued the job: the same tenant and the same principal.

        Raises:
            DeclarationError: The queue is not tracked.
        """
        if queue.tracking == "none":
            problem = f"queue {queue.name!r} is declared with tracking='none'; its jobs have no status"
            raise DeclarationError(problem)
        record = self._spec(queue).ledger(self._ports).read(job_id)
        if record is None or (record.tenant_id, record.principal_id) != (self._tenant_id, self._principal_id):
            return None
        return record

    def _spec(self, queue: "Queue[Any, Any] | QueueModel") -> QueueSpec:
        return self._queues.get(queue.name) or QueueSpec.of(queue)

    def _call(self, correlation_id: str | None, traceparent: str | None) -> Call:
        return Call(
            tenant_id=self._tenant_id,
            principal_id=self._principal_id,
            correlation_id=correlation_id,
            traceparent=traceparent,
        )

    def _command(self, command: "Command[P, R]", payload: P, parameter: Any, call: Call) -> Message:
        from purista_serverless.schema import codec_of

        name = command.name
        raw = codec_of(command.payload).dump_json(payload, f"payload of {name}")
        given = codec_of(command.parameter).dump_json(parameter, f"parameter of {name}")
        receiver = Party(command.service_name, command.service_version, name)
        return self._message(call, COMMAND, raw, parameter=given, receiver=receiver)

    def _message(self, call: Call, message_type: str, payload: bytes, **fields: Any) -> Message:
        return Message(
            id=call.id,
            timestamp=self._ports.clock.now(),
            message_type=message_type,
            payload=payload,
            correlation_id=call.correlation_id,
            trace_id=call.trace_id,
            traceparent=call.traceparent,
            tenant_id=call.tenant_id,
            principal_id=call.principal_id,
            sender=Party(self._application, "", "client", INSTANCE),
            **fields,
        )
