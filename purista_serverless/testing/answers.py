"""Answers to commands, set by a test: a value, or a function from the command's payload to its result."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import HandledError
from purista_serverless.message import COMMAND_ERROR, COMMAND_SUCCESS, Message, Rejected
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.function import address_of
from purista_serverless.runtime.ids import derived_id
from purista_serverless.runtime.invoke import error_of
from purista_serverless.schema import codec_of
from purista_serverless.schema.codec import dump_any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.builder.handles import Command

    Answers = Mapping[Command[Any, Any], Any]


def answers_of(
    commands: "Answers | None",
) -> "dict[tuple[str, str, str], Callable[[Message], Message]]":
    """Give the responders of commands by address.

    Args:
        commands: By handle, either the result, or a function that takes the payload (and the parameter, if the command
            has one) and returns the result or raises ``HandledError``.
    """
    return {address_of(command): responder(command, answer) for command, answer in (commands or {}).items()}


def responder(command: "Command[Any, Any]", answer: Any) -> "Callable[[Message], Message]":
    """Give a function from a command's message to its response."""

    def respond(message: Message) -> Message:
        try:
            result = answer(*_arguments(command, message)) if callable(answer) else answer
        except HandledError as error:
            body = dump_any(error_of(Rejected(error), message.trace_id))
            return _response(message, COMMAND_ERROR, body)
        return _response(message, COMMAND_SUCCESS, codec_of(command.result).dump_json(result))

    return respond


def _arguments(command: "Command[Any, Any]", message: Message) -> tuple[Any, ...]:
    payload = codec_of(command.payload).load(plain_json(message.payload))
    if command.parameter is None:
        return (payload,)
    return payload, codec_of(command.parameter).load(plain_json(message.parameter))


def _response(message: Message, message_type: str, payload: bytes) -> Message:
    return Message(
        id=derived_id(message.id, "response"),
        timestamp=message.timestamp,
        message_type=message_type,
        payload=payload,
        correlation_id=message.correlation_id or message.id,
        causation_id=message.id,
        trace_id=message.trace_id,
        traceparent=message.traceparent,
        tenant_id=message.tenant_id,
        principal_id=message.principal_id,
        sender=message.receiver,
        receiver=message.sender,
        is_handled_error=True if message_type == COMMAND_ERROR else None,
    )
