"""Commands: from a command message to its response, and from a response to the caller's value."""

from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from purista_serverless.errors import HandledError, InvocationFailed
from purista_serverless.message import (
    COMMAND_ERROR,
    COMMAND_SUCCESS,
    BadInput,
    Cancelled,
    Failed,
    Message,
    Outcome,
    Rejected,
    Retry,
    Success,
)
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.dispatch import adispatch, dispatch
from purista_serverless.runtime.ids import derived_id
from purista_serverless.schema.codec import dump_any

if TYPE_CHECKING:
    from purista_serverless.builder.handles import Command
    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import Ports

P = TypeVar("P")
R = TypeVar("R")

_ERROR_TEXT = "Internal Server Error"


class OverranTimeout(TimeoutError):
    """A command took longer than its ``timeout``."""


def execute(function: "Function", message: Message, ports: "Ports") -> Message:
    """Run one command message to its response; the success event, if declared, is out before this returns.

    An async handler is cancelled when the command's ``timeout`` is over. A sync one cannot be: it is looked at when it
    returns, and its caller is told of a failure then.
    """
    if function.is_async:
        from purista_serverless.runtime.loop import run

        return run(aexecute(function, message, ports))
    started = ports.clock.now()
    outcome = dispatch(function, message, ports)
    if function.timeout is not None and ports.clock.now() - started > function.timeout:
        outcome = _overrun(function, function.timeout)
    return conclude(function, message, outcome, ports)


async def aexecute(function: "Function", message: Message, ports: "Ports") -> Message:
    """Do the same on the running loop."""
    if not function.is_async:
        return execute(function, message, ports)
    if function.timeout is None:
        return conclude(function, message, await adispatch(function, message, ports), ports)
    from purista_serverless.runtime.loop import time_limit

    try:
        async with time_limit(function.timeout):
            outcome = await adispatch(function, message, ports)
    except TimeoutError:
        outcome = _overrun(function, function.timeout)
    return conclude(function, message, outcome, ports)


def _overrun(function: "Function", timeout: int) -> Failed:
    from purista_serverless.runtime.log import LOGGER

    error = OverranTimeout(f"{function.name} ran longer than its timeout ({timeout / 1000:g} s)")
    LOGGER.error("%s", error)
    return Failed(error)


def conclude(function: "Function", message: Message, outcome: Outcome, ports: "Ports") -> Message:
    """Give the response for an outcome; the success event, if declared, is out before this returns.

    Raises:
        Unavailable: The success event could not be handed over.
    """
    response = respond(function, message, outcome, now=ports.clock.now())
    if response.event_name is not None:
        ports.events.publish(response)
    return response


def respond(function: "Function", message: Message, outcome: Outcome, *, now: int) -> Message:
    """Give the response envelope for an outcome.

    A success whose command declares a success event carries that event's name: upstream's response is itself the event.
    No detail of a failure leaves. Data of a refusal that cannot be written as JSON makes it a failure.
    """
    error = error_of(outcome, message.trace_id)
    try:
        body = None if error is None else dump_any(error)
    except ValueError as unwritten:
        from purista_serverless.runtime.log import LOGGER

        LOGGER.error("%s refused with data that is no JSON", function.name, exc_info=unwritten)
        return respond(function, message, Failed(unwritten), now=now)
    return Message(
        id=derived_id(message.id, "response"),
        timestamp=now,
        message_type=COMMAND_SUCCESS if error is None else COMMAND_ERROR,
        payload=outcome.value if isinstance(outcome, Success) else body,
        event_name=function.success_event if error is None else None,
        correlation_id=message.correlation_id or message.id,
        causation_id=message.id,
        trace_id=message.trace_id,
        traceparent=message.traceparent,
        tenant_id=message.tenant_id,
        principal_id=message.principal_id,
        sender=function.party,
        receiver=message.sender,
        is_handled_error=None if error is None else not isinstance(outcome, Failed),
    )


def error_of(outcome: Outcome, trace_id: str | None) -> dict[str, Any] | None:
    """Give upstream's error payload for an outcome, ``None`` for a success."""
    match outcome:
        case Success():
            return None
        case Rejected(error):
            body: dict[str, Any] = {"status": error.status, "message": error.message, "data": error.data}
        case BadInput(_, problems):
            body = {"status": 400, "message": "Bad Request", "data": list(problems)}
        case Retry(delay, _):
            data = {"retryAfterMs": delay} if delay is not None else None
            body = {"status": 503, "message": "Service Unavailable", "data": data}
        case Failed():
            body = {"status": 500, "message": _ERROR_TEXT}
        case Cancelled():
            body = {"status": 499, "message": "Client Closed Request"}
        case _:
            assert_never(outcome)
    body["traceId"] = trace_id
    return {name: value for name, value in body.items() if value is not None}


def result_of(command: "Command[P, R]", response: Message) -> R:
    """Give the typed result inside a response.

    Raises:
        HandledError: The command refused.
        InvocationFailed: The command failed.
        InvalidPayload: The result is not of the declared type.
    """
    from purista_serverless.schema import codec_of

    if response.message_type == COMMAND_SUCCESS:
        raw = response.payload
        codec = codec_of(command.result)
        subject = f"result of {command.name}"
        return codec.load_json(raw, subject) if type(raw) is bytes else codec.load(raw, subject)  # type: ignore[no-any-return]
    error = plain_json(response.payload) or {}
    status, text = error.get("status", 500), error.get("message", _ERROR_TEXT)
    if response.is_handled_error:
        raise HandledError(status, text, error.get("data"))
    raise InvocationFailed(command.name, status, text)
