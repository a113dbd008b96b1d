"""Dead letters in the queues of a stack: received, read, held until a tool is done with them, deleted.

SQS has no way to look at a message without receiving it. What is received is hidden from others for a while, and given
back when the tool ends.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.codecs import scheduler
from purista_serverless.adapters.aws.codecs.sqs import Record
from purista_serverless.adapters.aws.constants import (
    AT_ATTRIBUTE,
    ATTEMPTS_ATTRIBUTE,
    GENERATION_ATTRIBUTE,
    ID_ATTRIBUTE,
    MARK,
    QUEUE_EDGE,
    REASON_ATTRIBUTE,
    SCHEDULE_EDGE,
)
from purista_serverless.adapters.aws.direct import Unwrapper
from purista_serverless.adapters.aws.stack.outputs import ask
from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload, UndeclaredUse
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.ports import DeadLetter

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports import AwsPorts
    from purista_serverless.runtime.assembly import Assembly

# How long received letters are hidden from others, in seconds: as long as a person takes to answer.
_HOLD = 300
_MOST = 10

# What EventBridge and its Scheduler say of a message that they could not deliver.
_ERRORS = ("ERROR_MESSAGE", "ERROR_CODE")
_MOVED = "SQS moved it here: it was received as often as its queue allows, and nobody settled it"


class SqsLetter(DeadLetter):
    """A letter as it was received.

    Attributes:
        handles: Receipt handles of it and of its copies.
        raw: The body as it lies in the queue; ``body`` is what a consumer makes of it.
        is_slot: Whether it is a slot or a knock that never reached the gate of its schedule.
    """

    __slots__ = ("handles", "is_slot", "raw")

    def __init__(self, *, handle: str, raw: str, is_slot: bool, **fields: Any) -> None:
        super().__init__(**fields)
        self.handles = [handle]
        self.raw = raw
        self.is_slot = is_slot


class Letters:
    """The dead letters of a stack; what was received is held until ``release``.

    Args:
        urls: Dead-letter queues by edge.
        assembly: The application, which knows what bodies mean.
        ports: The ways out, for bodies that are kept elsewhere.
        patience: How long to wait for a message, in seconds; from 1 on SQS asks all of its servers.
    """

    __slots__ = ("_assembly", "_held", "_patience", "_ports", "_urls")

    def __init__(self, urls: Mapping[str, str], assembly: "Assembly", ports: "AwsPorts", *, patience: int = 1) -> None:
        self._urls = urls
        self._assembly = assembly
        self._ports = ports
        self._patience = patience
        self._held: dict[str, dict[str, SqsLetter]] = {}

    def edges(self) -> tuple[str, ...]:
        """Give the edges that have a dead-letter queue, sorted."""
        return tuple(sorted(self._urls))

    def of(self, edge: str, *, limit: int) -> tuple[SqsLetter, ...]:
        """Give the letters of an edge, oldest first: those that are held, and more until there are enough.

        Of a FIFO queue at most ten letters of one group can be held at a time.
        """
        held = self._held.setdefault(edge, {})
        while len(held) < limit and (found := self._receive(edge)):
            for letter in found:
                if (known := held.get(letter.key)) is None:
                    held[letter.key] = letter
                else:
                    known.handles += letter.handles
        return tuple(sorted(held.values(), key=lambda letter: (letter.at, letter.key))[:limit])

    def delete(self, letter: SqsLetter) -> None:
        """Delete a letter with its copies."""
        for handle in letter.handles:
            self._ask("sqs:DeleteMessage", "delete_message", letter.edge, ReceiptHandle=handle)
        self._held.get(letter.edge, {}).pop(letter.key, None)

    def release(self) -> None:
        """Give back what is held, so that others see it at once."""
        for edge, held in self._held.items():
            handles = [handle for letter in held.values() for handle in letter.handles]
            for start in range(0, len(handles), _MOST):
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + _MOST])
                ]
                self._ask("sqs:ChangeMessageVisibility", "change_message_visibility_batch", edge, Entries=entries)
        self._held.clear()

    def _receive(self, edge: str) -> list[SqsLetter]:
        answer = self._ask(
            "sqs:ReceiveMessage",
            "receive_message",
            edge,
            MaxNumberOfMessages=_MOST,
            VisibilityTimeout=_HOLD,
            WaitTimeSeconds=self._patience,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return [self._letter(edge, message) for message in answer.get("Messages", ())]

    def _letter(self, edge: str, message: Mapping[str, Any]) -> SqsLetter:
        given = {name: found.get("StringValue", "") for name, found in message.get("MessageAttributes", {}).items()}
        raw, sent = message["Body"], int(message["Attributes"]["SentTimestamp"])
        body = self._body(edge, message, sent)
        letter_id, generation = _identity(edge, body, raw) or (message["MessageId"], 0)
        return SqsLetter(
            edge=edge,
            id=given.get(ID_ATTRIBUTE) or letter_id,
            body=body,
            reason=given.get(REASON_ATTRIBUTE) or next((given[name] for name in _ERRORS if name in given), _MOVED),
            attempts=int(given.get(ATTEMPTS_ATTRIBUTE, 0)),
            generation=int(given.get(GENERATION_ATTRIBUTE, generation)),
            at=int(given.get(AT_ATTRIBUTE, sent)),
            handle=message["ReceiptHandle"],
            raw=raw,
            is_slot=edge.startswith(SCHEDULE_EDGE) and _marked(raw) is not None,
        )

    def _body(self, edge: str, message: Mapping[str, Any], sent: int) -> bytes:
        """Give the body as the edge's consumer takes it; as it is, where that cannot be made of it."""
        consumer: Any = self._assembly.consumers.get(edge)
        record = Record(
            id=message["MessageId"],
            handle=message["ReceiptHandle"],
            body=message["Body"],
            source=self._urls[edge],
            receives=0,
            sent=sent,
            group=None,
        )
        unwrapper = Unwrapper(edge, getattr(consumer, "function", None), self._ports)
        try:
            return unwrapper.body(record)
        except (BadEvent, BoundExceeded, InvalidPayload, UndeclaredUse):
            return record.body.encode(errors="replace")

    def _ask(self, action: str, method: str, edge: str, **parameters: Any) -> Any:
        client = self._ports.deployment.client("sqs")
        return ask(action, getattr(client, method), self._urls[edge], QueueUrl=self._urls[edge], **parameters)


def _identity(edge: str, body: bytes, raw: str) -> tuple[str, int] | None:
    """Give id and generation as the body tells them, for a letter that nobody labelled."""
    try:
        if edge.startswith(SCHEDULE_EDGE):
            wire = _marked(raw)
            slot = scheduler.decode(wire) if wire is not None and scheduler.is_slot(wire) else None
            return (slot.run_id, 0) if slot is not None else None
        found: Job | Message = Job.decode(body) if edge.startswith(QUEUE_EDGE) else Message.decode(body)
    except BadEvent:
        return None
    return found.id, found.generation


def _marked(raw: str) -> Mapping[str, Any] | None:
    try:
        wire = parse_json(raw)
    except ValueError:
        return None
    if isinstance(wire, dict) and isinstance(wire.get("detail"), dict):
        wire = wire["detail"]
    return wire if isinstance(wire, dict) and MARK in wire else None


def count(attributes: Mapping[str, str]) -> Iterator[int]:
    """Give how many messages of a queue are visible, delayed and being handled, as SQS estimates it."""
    for name in ("", "Delayed", "NotVisible"):
        yield int(attributes.get(f"ApproximateNumberOfMessages{name}", 0))
