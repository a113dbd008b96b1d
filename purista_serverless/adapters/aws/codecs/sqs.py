"""Batches of SQS, standard and FIFO, and the answer that says which records come again."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SOURCE = "aws:sqs"


class Record:
    """A message of a batch.

    Attributes:
        id: SQS' id of it, by which the answer names it.
        handle: The receipt handle, by which its visibility is changed.
        body: Its body.
        queue: Name of the queue.
        receives: How often it was received, this time included.
        sent: When it was sent, in milliseconds since the epoch.
        group: Its message group on a FIFO queue; ``None`` on a standard one.
    """

    __slots__ = ("body", "group", "handle", "id", "queue", "receives", "sent")

    def __init__(
        self, *, id: str, handle: str, body: str, queue: str, receives: int, sent: int, group: str | None
    ) -> None:
        self.id = id
        self.handle = handle
        self.body = body
        self.queue = queue
        self.receives = receives
        self.sent = sent
        self.group = group


def decode(event: "Mapping[str, Any]") -> list[Record]:
    """Read a batch, in its order.

    Raises:
        BadEvent: It is no batch of SQS: then nothing in it could be answered for by its id.
    """
    records = event.get("Records")
    if not isinstance(records, list):
        raise BadEvent("not a batch: 'Records' must be a list")
    return [_decode(record) for record in records]


def _decode(record: Any) -> Record:
    if not isinstance(record, dict) or record.get("eventSource") != _SOURCE:
        raise BadEvent(f"not a batch of SQS: a record's 'eventSource' must be {_SOURCE!r}")
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        raise BadEvent("not a batch of SQS: a record's 'attributes' must be an object")
    arn = _text(record, "eventSourceARN")
    queue = arn.rpartition(":")[2]
    return Record(
        id=_text(record, "messageId"),
        handle=_text(record, "receiptHandle"),
        body=_text(record, "body"),
        queue=queue,
        receives=_number(attributes, "ApproximateReceiveCount"),
        sent=_number(attributes, "SentTimestamp"),
        # A standard queue may have groups as well, for fairness, and keeps no order in them.
        group=_text(attributes, "MessageGroupId") if queue.endswith(".fifo") else None,
    )


def encode(failed: "Iterable[str]") -> dict[str, Any]:
    """Give the answer: the ids of the records that SQS keeps."""
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}


def _text(found: "Mapping[str, Any]", name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or (not value and name != "body"):
        raise BadEvent(f"not a batch of SQS: {name!r} of a record must be a text")
    return value


def _number(attributes: "Mapping[str, Any]", name: str) -> int:
    text = _text(attributes, name)
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise BadEvent(f"not a batch of SQS: {name!r} of a record must be a number in digits")
    return int(text)
