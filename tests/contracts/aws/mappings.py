"""Event source mappings: what Lambda does between a queue and a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from purista_serverless.testing.clock import Timer, VirtualClock
from tests.contracts.aws.functions import Answer, Functions, Invocation
from tests.contracts.aws.reading import Read
from tests.contracts.aws.region import NAME, Region

_LARGEST_RECEIVE = 10


class Record:
    """A message as it was handed over: a ``Delivery`` to whoever keeps a journal.

    Args:
        edge: The edge that its queue is.
        id: The message that it carries, in the core's words.
        body: Its bytes, in the core's words.
    """

    __slots__ = ("body", "edge", "handle", "id", "is_gone", "message_id")

    def __init__(self, edge: str, id: str, body: bytes, *, message_id: str, handle: str) -> None:
        self.edge = edge
        self.id = id
        self.body = body
        self.message_id = message_id
        self.handle = handle
        self.is_gone = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A queue that starts a function. ``visibility`` in seconds; ``concurrency`` bounds the invocations at a time."""

    edge: str
    url: str
    arn: str
    function: str
    visibility: int
    batch_size: int
    concurrency: int | None


class Mapping:
    """Polls one queue and settles what its function answers.

    Args:
        clock: The time.
        source: The queue.
        region: Where it is.
        functions: The functions.
        read: Says what a record carries.
        is_phantom: Says whether messages are received once more than they are handed over.
    """

    def __init__(
        self,
        clock: VirtualClock,
        source: Source,
        *,
        region: Region,
        functions: Functions,
        read: Read,
        is_phantom: Callable[[], bool],
    ) -> None:
        self.source = source
        self.is_enabled = True
        self._clock = clock
        self._region = region
        self._sqs = region.client("sqs")
        self._functions = functions
        self._read = read
        self._is_phantom = is_phantom
        self._running = 0
        self._timers: dict[int, Timer] = {}

    def look_at(self, at: int) -> None:
        """Look at the queue at a time; looking once at a time is enough."""
        if at not in self._timers:
            self._timers[at] = self._clock.call_at(at, lambda: self._look(at))

    def poll(self) -> None:
        """Hand over whatever is visible, as far as there is room."""
        while self.is_enabled and self._has_room() and self._region.is_waiting(self.source.url):
            messages = self._receive()
            if not messages:
                return
            self._hand_over(messages)

    def _look(self, at: int) -> None:
        del self._timers[at]
        self.poll()

    def _has_room(self) -> bool:
        return self.source.concurrency is None or self._running < self.source.concurrency

    def _receive(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < self.source.batch_size:
            room = min(self.source.batch_size - len(found), _LARGEST_RECEIVE)
            if self._is_phantom():
                self._ask(room, visibility=0)
            messages = self._ask(room, visibility=self.source.visibility)
            found += messages
            if len(messages) < room:
                break
        return found

    def _ask(self, room: int, *, visibility: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.source.url,
            MaxNumberOfMessages=room,
            VisibilityTimeout=visibility,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        raw = [raw_record(message, self.source.arn) for message in messages]
        records = tuple(self._record(record) for record in raw)
        self._running += 1
        # What is not settled is visible again then; moto notices a millisecond late.
        self.look_at(self._clock.now() + self.source.visibility * 1_000 + 1)
        invocation = self._functions.invoke(self.source.function, {"Records": raw}, self._settle, records)
        invocation.strand.resume()

    def _record(self, raw: dict[str, Any]) -> Record:
        id, body = self._read(raw)
        return Record(self.source.edge, id, body, message_id=raw["messageId"], handle=raw["receiptHandle"])

    def _settle(self, invocation: Invocation, answer: Answer) -> None:
        self._running -= 1
        done = [record for record in invocation.records if record.message_id in done_of(invocation, answer)]
        for start in range(0, len(done), _LARGEST_RECEIVE):
            chunk = done[start : start + _LARGEST_RECEIVE]
            entries = [{"Id": str(place), "ReceiptHandle": record.handle} for place, record in enumerate(chunk)]
            self._sqs.delete_message_batch(QueueUrl=self.source.url, Entries=entries)
            for record in chunk:
                record.is_gone = True
        self.look_at(self._clock.now())


def done_of(invocation: Invocation, answer: Answer) -> frozenset[str]:
    """Give the ids of the messages that a poller deletes after an answer.

    An answer without failures, also ``null`` and an empty object, means that all are done. One that names a message
    which was not in the batch, or that has another shape, means that none is.
    """
    all_ids = frozenset(record.message_id for record in invocation.records)
    if answer.kind != "returned":
        return frozenset()
    failures = (answer.value or {}).get("batchItemFailures") or []
    try:
        failed = frozenset(failure["itemIdentifier"] for failure in failures)
    except (KeyError, TypeError):
        return frozenset()
    return all_ids - failed if failed <= all_ids else frozenset()


def raw_record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    """Give a received message as Lambda writes it into an event."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": NAME,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
