"""Dead letters in their queues, as somebody sees them who reads those queues."""

from typing import Any

from purista_serverless.adapters.aws import constants
from purista_serverless.errors import BadEvent
from purista_serverless.message import Job
from purista_serverless.runtime.ports import DeadLetter


class DeadLetterQueues:
    """Reads dead-letter queues and empties them.

    Args:
        sqs: A client of SQS.
        urls: URL of each edge's dead-letter queue.
    """

    def __init__(self, sqs: Any, urls: dict[str, str]) -> None:
        self._sqs = sqs
        self._urls = urls

    def letters(self, edge: str) -> tuple[DeadLetter, ...]:
        """Give the letters of an edge, oldest first, one per message and generation."""
        found: dict[str, DeadLetter] = {}
        for message in self._messages(edge):
            letter = letter_of(edge, message)
            found.setdefault(letter.key, letter)
        return tuple(sorted(found.values(), key=lambda letter: letter.at))

    def delete(self, letter: DeadLetter) -> None:
        """Delete all copies of a letter."""
        for message in self._messages(letter.edge):
            if letter_of(letter.edge, message).key == letter.key:
                self._sqs.delete_message(QueueUrl=self._urls[letter.edge], ReceiptHandle=message["ReceiptHandle"])

    def purge(self, edge: str) -> int:
        """Delete all letters of an edge and say how many there were."""
        found = self._messages(edge)
        for message in found:
            self._sqs.delete_message(QueueUrl=self._urls[edge], ReceiptHandle=message["ReceiptHandle"])
        return len(found)

    def _messages(self, edge: str) -> list[dict[str, Any]]:
        """Give all messages of a queue, which stay as visible as they were."""
        url = self._urls[edge]
        held: list[dict[str, Any]] = []
        while messages := self._receive(url):
            held += messages
        for message in held:
            self._sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return held

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=60,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages


def letter_of(edge: str, message: dict[str, Any]) -> DeadLetter:
    """Give a message of a dead-letter queue as a letter; one that the platform moved there tells less."""
    told = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
    attributes = message["Attributes"]
    if constants.ID_ATTRIBUTE in told:
        return DeadLetter(
            edge=edge,
            id=told[constants.ID_ATTRIBUTE],
            body=message["Body"].encode(),
            reason=told.get(constants.REASON_ATTRIBUTE, ""),
            attempts=int(told[constants.ATTEMPTS_ATTRIBUTE]),
            generation=int(told[constants.GENERATION_ATTRIBUTE]),
            at=int(told[constants.AT_ATTRIBUTE]),
        )
    id, generation = _identity_of(edge, message)
    return DeadLetter(
        edge=edge,
        id=id,
        body=message["Body"].encode(),
        reason="the platform gave up",
        attempts=int(attributes["ApproximateReceiveCount"]) - 1,
        generation=generation,
        at=int(attributes["SentTimestamp"]),
    )


def _identity_of(edge: str, message: dict[str, Any]) -> tuple[str, int]:
    if edge.startswith(constants.QUEUE_EDGE):
        try:
            job = Job.decode(message["Body"].encode())
        except BadEvent:
            return message["MessageId"], 0
        return job.id, job.generation
    return message["MessageId"], 0
