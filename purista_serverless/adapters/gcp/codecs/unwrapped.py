"""What Pub/Sub pushes without a wrapper, and CloudEvents of other senders: the data as the body, the rest as headers.

Pub/Sub writes its own metadata and all attributes into headers where the subscription asks for metadata. A message
whose attributes are those of CloudEvents is a CloudEvent in the binary form then, and read like any other.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs.headers import headers_of
from purista_serverless.adapters.gcp.codecs.push import Pushed, number_in
from purista_serverless.adapters.gcp.constants import (
    EDGE_ATTRIBUTE,
    EVENT_ATTRIBUTE,
    RECEIVES_ATTRIBUTE,
    SERVICE_ATTRIBUTE,
    TRACEPARENT_ATTRIBUTE,
    VERSION_ATTRIBUTE,
)
from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "x-goog-pubsub-"
_EVENT_PREFIX = "ce-"

# The emulator writes the second one.
_ORDERING_KEYS = (f"{_PREFIX}ordering-key", "x-goog-ordering-key")

# Attributes among the headers; the others belong to the request, and some of them are nobody's business.
_ATTRIBUTES = frozenset(
    {
        EDGE_ATTRIBUTE,
        EVENT_ATTRIBUTE,
        RECEIVES_ATTRIBUTE,
        SERVICE_ATTRIBUTE,
        TRACEPARENT_ATTRIBUTE,
        VERSION_ATTRIBUTE,
        "content-type",
    }
)


def decode(environ: "Mapping[str, Any]", body: bytes) -> Pushed:
    """Read a message.

    Raises:
        BadEvent: Its headers do not name it.
    """
    headers = headers_of(environ)
    id = headers.get(f"{_PREFIX}message-id") or headers.get("ce-id")
    if not id:
        raise BadEvent(f"not a message of Pub/Sub: neither the header {_PREFIX}message-id nor ce-id is there")
    return Pushed(
        id=id,
        data=body,
        attributes={
            name: text for name, text in headers.items() if name in _ATTRIBUTES or name.startswith(_EVENT_PREFIX)
        },
        published=headers.get(f"{_PREFIX}publish-time") or headers.get("ce-time", ""),
        attempt=number_in(headers.get(f"{_PREFIX}delivery-attempt", "")) or 0,
        ordering_key=next((headers[name] for name in _ORDERING_KEYS if name in headers), ""),
        subscription=headers.get(f"{_PREFIX}subscription-name", ""),
    )
