"""Messages to topics of Pub/Sub: what they may hold, and how they are sent."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import spelled_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.runtime.deployed import Use

# Of a request, and with it of a message (Pub/Sub, quotas and limits: resource limits).
MAX_REQUEST = 10_000_000
_MAX_MESSAGES = 1_000

# What is sent leaves room for attributes that come on top, here and on a dead letter.
BODY_BUDGET = MAX_REQUEST - 16_384

# Bytes of an attribute's value, and of an ordering key (Pub/Sub, quotas and limits).
LONGEST_TEXT = 1_024


class Outgoing:
    """A message on its way to a topic.

    Args:
        body: What it says.
        attributes: Texts by name; those that are empty or absent are left out, and long ones are cut.
        ordering_key: What is delivered in order, if anything.
    """

    __slots__ = ("attributes", "body", "ordering_key")

    def __init__(self, body: bytes, attributes: "Mapping[str, str | None]", ordering_key: str | None = None) -> None:
        self.body = body
        self.attributes = {name: cut(text, LONGEST_TEXT) for name, text in attributes.items() if text}
        self.ordering_key = ordering_key

    @property
    def size(self) -> int:
        """Give the bytes that it takes of a request."""
        attributes = sum(len(name) + len(text.encode()) for name, text in self.attributes.items())
        return len(self.body) + attributes + len(self.key.encode())

    @property
    def key(self) -> str:
        """Give the ordering key as Pub/Sub takes it, empty for none: a long one becomes its hash."""
        text = spelled_out(self.ordering_key or "")
        if len(text.encode()) <= LONGEST_TEXT:
            return text
        from hashlib import sha256

        return sha256(text.encode()).hexdigest()

    def to_wire(self) -> dict[str, Any]:
        """Give the message in the API's JSON."""
        wire: dict[str, Any] = {"data": b64encode(self.body).decode(), "attributes": self.attributes}
        return {**wire, "orderingKey": self.key} if self.ordering_key else wire


def publish(deployment: "Deployment", use: "Use", topic: str, messages: "Iterable[Outgoing]") -> None:
    """Send messages to a topic, in as few requests as they fit into; each request is taken as a whole or not at all.

    Args:
        deployment: Where to.
        use: What it is, for the text of errors.
        topic: The topic's full name.
        messages: The messages.

    Raises:
        Unavailable: Pub/Sub could not be reached; some of the messages may have been sent.
        UndeclaredUse: The function's account is not allowed it.
        ProviderRefused: Pub/Sub refused a message.
    """
    for request in _requests(messages):
        deployment.post("pubsub", path_of(topic), wire_of(request), use, topic)


def path_of(topic: str) -> str:
    """Give the path of the API's method that publishes to a topic."""
    return f"/v1/{topic}:publish"


def wire_of(messages: "Iterable[Outgoing]") -> dict[str, Any]:
    """Give the request that publishes messages."""
    return {"messages": [message.to_wire() for message in messages]}


def _requests(messages: "Iterable[Outgoing]") -> "Iterator[list[Outgoing]]":
    """Put messages together as long as one request takes them: all in it have the same ordering key."""
    request: list[Outgoing] = []
    total = 0
    for message in messages:
        size = message.size
        is_full = len(request) == _MAX_MESSAGES or total + size > MAX_REQUEST
        if request and (is_full or message.key != request[0].key):
            yield request
            request, total = [], 0
        request.append(message)
        total += size
    if request:
        yield request


def cut(text: str, longest: int) -> str:
    """Give a text that UTF-8 can hold, cut to a number of bytes.

    Example:
        >>> cut("Zürich", 2)
        'Z'
    """
    return spelled_out(text).encode()[: max(longest, 0)].decode("utf-8", "ignore")
