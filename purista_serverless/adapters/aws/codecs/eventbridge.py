"""Events of EventBridge: our own envelopes inside of them, and events of other systems."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import DETAIL_TYPE
from purista_serverless.errors import BadEvent
from purista_serverless.message import CUSTOM_MESSAGE, Message
from purista_serverless.message.times import milliseconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_event(wire: "Mapping[str, Any]") -> bool:
    """Say whether an object is an event, by the members that each of them has."""
    return DETAIL_TYPE in wire and "source" in wire and "detail" in wire


def is_envelope(detail: object) -> bool:
    """Say whether the detail of an event is upstream's envelope, by the member that each of them has."""
    return isinstance(detail, dict) and "messageType" in detail


def decode(wire: "Mapping[str, Any]") -> Message:
    """Read an event: the envelope that it carries, or itself as a message if it is another system's.

    Raises:
        BadEvent: It is not as the platform's documents say.
    """
    detail: Any = wire.get("detail")
    if is_envelope(detail):
        return Message.from_wire(detail)
    name, event_id = wire.get(DETAIL_TYPE), wire.get("id")
    if not isinstance(name, str) or not isinstance(event_id, str) or not isinstance(detail, dict):
        raise BadEvent("not an event: 'detail-type' and 'id' must be texts, and 'detail' an object")
    return Message(
        id=event_id,
        timestamp=milliseconds_of(wire.get("time")),
        message_type=CUSTOM_MESSAGE,
        event_name=name,
        payload=detail,
    )
