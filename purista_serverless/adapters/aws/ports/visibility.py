"""Until when received messages of SQS stay hidden."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import QUEUES
from purista_serverless.adapters.aws.ports.failures import call
from purista_serverless.errors import PuristaServerlessError
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from purista_serverless.adapters.aws.ports.deployment import Deployment

    Change = tuple[str, int]

_CHANGE = Use("sqs:ChangeMessageVisibility", "declare the edge in this application")

# Of one request (ChangeMessageVisibilityBatch, API reference).
_MAX_ENTRIES = 10


class SqsVisibility:
    """Say when messages come again that this function received and does not delete.

    Args:
        deployment: Where they came from.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment

    def postpone(self, edge: str, changes: "Sequence[Change]") -> None:
        """Have messages come again after a time each.

        What fails is logged and does no harm: such a message comes again when its visibility ends by itself.

        Args:
            edge: The edge that they came on.
            changes: Receipt handle and seconds of each, from now, 0 to 43,200.
        """
        from purista_serverless.runtime.log import LOGGER

        for part in (changes[start : start + _MAX_ENTRIES] for start in range(0, len(changes), _MAX_ENTRIES)):
            try:
                failed = tuple(self._change(edge, part))
            except PuristaServerlessError as error:
                failed = (str(error),)
            for reason in failed:
                LOGGER.warning("a message of %s keeps its visibility: %s", edge, reason)

    def _change(self, edge: str, changes: "Sequence[Change]") -> "Iterator[str]":
        url = self._deployment.entry(QUEUES, edge, _CHANGE)
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
            for number, (handle, seconds) in enumerate(changes)
        ]
        answer: Any = call(
            self._deployment.client("sqs").change_message_visibility_batch, _CHANGE, url, QueueUrl=url, Entries=entries
        )
        return (f"{failed['Code']}: {failed.get('Message', '')}" for failed in answer.get("Failed", ()))
