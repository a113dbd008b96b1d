"""Direct invocations of a command's function: upstream's envelope in, the response's envelope out."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent
from purista_serverless.message.envelope import COMMAND, Message

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_invocation(event: "Mapping[str, Any]") -> bool:
    """Say whether an event is an envelope, by the member that each of them has."""
    return "messageType" in event


def decode(event: "Mapping[str, Any]", address: tuple[str, str, str]) -> Message:
    """Read a command message.

    Args:
        event: The envelope.
        address: Service, version and name of the command that this function is.

    Raises:
        BadEvent: It is no envelope, no command, or a command for somebody else.
    """
    message = Message.from_wire(event)
    if message.message_type != COMMAND:
        raise BadEvent(f"a function is invoked with a {COMMAND!r}, not with a {message.message_type!r}")
    receiver = message.receiver
    if receiver is not None and (receiver.service, receiver.version, receiver.target) != address:
        raise BadEvent(f"this function is {'.'.join(address)}, and the command is for {receiver}")
    return message


def encode(response: Message) -> dict[str, Any]:
    """Give the response's envelope."""
    return response.to_wire()
