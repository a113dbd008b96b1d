"""What Pub/Sub pushes: a message in a wrapper of JSON."""

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import RECEIVES_ATTRIBUTE
from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# No message is delivered a billion times.
_MOST_DIGITS = 9


class Pushed:
    """A message of Pub/Sub, whichever shape it came in.

    Attributes:
        id: Pub/Sub's id of it; the same when it is delivered again.
        data: What was published.
        attributes: Its attributes, or those of them that its shape tells.
        attempt: Which delivery this is, from 1; 0 where Pub/Sub does not count, for want of a dead letter.
        published: When it was published, as Pub/Sub writes it: RFC 3339.
        ordering_key: Its ordering key, empty for none.
        subscription: Full name of the subscription, empty where the shape does not tell.
    """

    __slots__ = ("attempt", "attributes", "data", "id", "ordering_key", "published", "subscription")

    def __init__(
        self,
        *,
        id: str,
        data: bytes,
        attributes: "Mapping[str, str]",
        published: str,
        attempt: int = 0,
        ordering_key: str = "",
        subscription: str = "",
    ) -> None:
        self.id = id
        self.data = data
        self.attributes = attributes
        self.published = published
        self.attempt = attempt
        self.ordering_key = ordering_key
        self.subscription = subscription

    @property
    def sent(self) -> int:
        """Give when it was published, in milliseconds since the epoch.

        Raises:
            BadEvent: It does not say.
        """
        from purista_serverless.message.times import milliseconds_of

        return milliseconds_of(self.published)

    @property
    def receives(self) -> int:
        """Give how often it was received: this time included, and as the message that it was put off from."""
        before = self.attributes.get(RECEIVES_ATTRIBUTE, "0")
        return (number_in(before) or 0) + (self.attempt or 1)


def number_in(text: str) -> int | None:
    """Give a number that is written in digits, ``None`` for anything else."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def decode(body: bytes | str) -> Pushed:
    """Read a push.

    Raises:
        BadEvent: It is none.

    Example:
        >>> decode('{"message": {"data": "e30=", "messageId": "7", "publishTime": "2027-01-01T01:00:00Z"}}').data
        b'{}'
    """
    wire = object_of(body)
    message = wire.get("message")
    if type(message) is not dict:
        raise BadEvent("not a push of Pub/Sub: 'message' must be an object")
    id, published = message.get("messageId"), message.get("publishTime")
    attributes, attempt = message.get("attributes") or {}, wire.get("deliveryAttempt", 0)
    key, subscription = message.get("orderingKey", ""), wire.get("subscription", "")
    if type(id) is not str or type(published) is not str or not id or not type(key) is type(subscription) is str:
        raise BadEvent(
            "not a push of Pub/Sub: 'messageId' and 'publishTime' must be texts, and so must 'orderingKey' and "
            "'subscription' where they are there"
        )
    if type(attributes) is not dict or any(type(text) is not str for text in attributes.values()):
        raise BadEvent("not a push of Pub/Sub: 'attributes' must be an object of texts")
    if type(attempt) is not int or attempt < 0:
        raise BadEvent("not a push of Pub/Sub: 'deliveryAttempt' must be a whole number")
    return Pushed(
        id=id,
        data=_data_in(message),
        attributes=attributes,
        published=published,
        attempt=attempt,
        ordering_key=key,
        subscription=subscription,
    )


def _data_in(message: "Mapping[str, Any]") -> bytes:
    """Give the data; a message of attributes alone has none."""
    data = message.get("data") or ""
    try:
        return a2b_base64(data, strict_mode=True)
    except (TypeError, ValueError) as error:
        raise BadEvent("not a push of Pub/Sub: 'data' must be a text in base64") from error
