"""Batches of SQS, standard and FIFO, and the answer that says which records come again."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import FIFO_SUFFIX
from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SOURCE = "aws:sqs"

# Milliseconds until the year 33658.
_MOST_DIGITS = 15


class Record:
    """A message of a batch.

    Attributes:
        id: SQS' id of it, by which the answer names it.
        handle: The receipt handle, by which its visibility is changed.
        body: Its body.
        raw: The same in bytes.
        queue: Name of the queue.
        receives: How often it was received, this time included.
        sent: When it was sent, in milliseconds since the epoch.
        group: Its message group on a FIFO queue; ``None`` on a standard one.
    """

    __slots__ = ("body", "group", "handle", "id", "queue", "raw", "receives", "sent")

    def __init__(  # noqa: PLR0917 - keywords cost a tenth of a record's time
        self, id: str, handle: str, body: str, queue: str, receives: int, sent: int, group: str | None
    ) -> None:
        self.id = id
        self.handle = handle
        self.body = body
        # SQS takes no lone surrogates; what holds one was made by hand, and is refused as no JSON of ours.
        self.raw = body.encode(errors="replace")
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
    try:
        attributes = record["attributes"]
        texts = record["messageId"], record["receiptHandle"], record["eventSourceARN"]
        receives, sent = attributes["ApproximateReceiveCount"], attributes["SentTimestamp"]
        is_ours, body = record["eventSource"] == _SOURCE, record["body"]
    except (KeyError, TypeError) as error:
        raise BadEvent(f"not a batch of SQS: a record lacks {error}") from error
    if not is_ours or type(body) is not str:
        raise BadEvent(f"not a batch of SQS: a record comes from {_SOURCE!r}, and its 'body' is a text")
    for text in texts:
        if type(text) is not str or not text:
            raise BadEvent("not a batch of SQS: a record's 'messageId', 'receiptHandle' and 'eventSourceARN' are texts")
    queue = texts[2].rpartition(":")[2]
    # A standard queue may have groups as well, for fairness, and keeps no order in them.
    group = _group(attributes) if queue.endswith(FIFO_SUFFIX) else None
    return Record(texts[0], texts[1], body, queue, _number(receives), _number(sent), group)


def _group(attributes: "Mapping[str, Any]") -> str:
    group = attributes.get("MessageGroupId")
    if not isinstance(group, str):
        raise BadEvent("not a batch of SQS: a record of a FIFO queue names its 'MessageGroupId'")
    return group


def _number(text: Any) -> int:
    if type(text) is str and len(text) <= _MOST_DIGITS and text.isdecimal() and text.isascii():
        return int(text)
    raise BadEvent(
        "not a batch of SQS: 'ApproximateReceiveCount' and 'SentTimestamp' of a record are written in digits"
    )


def encode(failed: "Iterable[str]") -> dict[str, Any]:
    """Give the answer: the ids of the records that SQS keeps."""
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}
