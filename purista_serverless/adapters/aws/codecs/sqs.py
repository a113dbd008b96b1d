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
        source: The ARN of its queue.
        receives: How often it was received, this time included.
        group: Its message group on a FIFO queue; ``None`` on a standard one.
    """

    __slots__ = ("_sent", "body", "group", "handle", "id", "receives", "source")

    def __init__(  # noqa: PLR0917 - keywords cost a tenth of a record's time
        self, id: str, handle: str, body: str, source: str, receives: int, sent: int | str, group: str | None
    ) -> None:
        self.id = id
        self.handle = handle
        self.body = body
        self.source = source
        self.receives = receives
        self._sent = sent
        self.group = group

    @property
    def sent(self) -> int:
        """Give when it was sent, in milliseconds since the epoch."""
        return int(self._sent)

    @property
    def raw(self) -> bytes:
        """Give the body in bytes."""
        # SQS takes no lone surrogates; what holds one was made by hand, and is refused as no JSON of ours.
        return self.body.encode(errors="replace")

    @property
    def queue(self) -> str:
        """Give the name of its queue."""
        return self.source.rpartition(":")[2]


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
        id, handle, source = record["messageId"], record["receiptHandle"], record["eventSourceARN"]
        body, is_ours = record["body"], record["eventSource"] == _SOURCE
        attributes = record["attributes"]
        receives, sent = attributes["ApproximateReceiveCount"], attributes["SentTimestamp"]
    except (KeyError, TypeError) as error:
        raise BadEvent(f"not a batch of SQS: a record lacks {error}") from error
    if not is_ours or type(body) is not str:
        raise BadEvent(f"not a batch of SQS: a record comes from {_SOURCE!r}, and its 'body' is a text")
    if not (type(id) is type(handle) is type(source) is str and id and handle and source):
        raise BadEvent("not a batch of SQS: a record's 'messageId', 'receiptHandle' and 'eventSourceARN' are texts")
    if not (type(receives) is type(sent) is str and _are_numbers(receives, sent)):
        raise BadEvent(
            "not a batch of SQS: 'ApproximateReceiveCount' and 'SentTimestamp' of a record are written in digits"
        )
    # A standard queue may have groups as well, for fairness, and keeps no order in them.
    group = _group(attributes) if source.endswith(FIFO_SUFFIX) else None
    return Record(id, handle, body, source, int(receives), sent, group)


def _group(attributes: "Mapping[str, Any]") -> str:
    group = attributes.get("MessageGroupId")
    if not isinstance(group, str):
        raise BadEvent("not a batch of SQS: a record of a FIFO queue names its 'MessageGroupId'")
    return group


def _are_numbers(receives: str, sent: str) -> bool:
    are_digits = receives.isdecimal() and sent.isdecimal() and (receives + sent).isascii()
    return are_digits and len(receives) <= _MOST_DIGITS and len(sent) <= _MOST_DIGITS


def encode(failed: "Iterable[str]") -> dict[str, Any]:
    """Give the answer: the ids of the records that SQS keeps."""
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}
