"""Dead letters to the dead-letter queue of their edge."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.aws.constants import (
    AT_ATTRIBUTE,
    ATTEMPTS_ATTRIBUTE,
    DEAD_LETTERS,
    EDGE_ATTRIBUTE,
    GENERATION_ATTRIBUTE,
    ID_ATTRIBUTE,
    REASON_ATTRIBUTE,
)
from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
from purista_serverless.adapters.aws.ports.sqs import (
    BODY_BUDGET,
    MAX_MESSAGE,
    attribute_size,
    legal_body,
    legal_text,
    send,
)
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.runtime.ports import DeadLetter

_SEND = Use("sqs:SendMessage", "declare the edge in this application")

_LONGEST_ID = 512
_LONGEST_REASON = 2_048


class SqsDeadLetters:
    """A ``DeadLetterPort``: the body as it came, what is known besides as attributes.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = S3ClaimCheck(deployment)

    def put(self, letter: "DeadLetter") -> None:
        """Keep a letter; of several copies a FIFO queue keeps one, any other queue all of them.

        Raises:
            TooLarge: Its body is more than a queue carries, and there is no claim check.
            Unavailable: The queue could not be reached.
            UndeclaredUse: The function was deployed without the queue.
            ProviderRefused: The queue refused it.
        """
        url = self._deployment.entry(DEAD_LETTERS, letter.edge, _SEND)
        # A body that others sent may fill a message to the last byte, and has to get through.
        budget = BODY_BUDGET if self._claims.is_on else MAX_MESSAGE
        body = self._claims.fitted(letter.edge, letter.id, letter.generation, legal_body(letter.body), budget)
        send(
            self._deployment,
            _SEND,
            url,
            body,
            attributes=_attributes_of(letter, MAX_MESSAGE - len(body)),
            group=letter.id,
            deduplication=letter.key,
        )


def _attributes_of(letter: "DeadLetter", room: int) -> dict[str, str | int]:
    """Give the attributes that fit beside the body: all with a reason as long as it may be, or none."""
    attributes: dict[str, str | int] = {
        EDGE_ATTRIBUTE: letter.edge,
        ID_ATTRIBUTE: _cut(letter.id, _LONGEST_ID),
        GENERATION_ATTRIBUTE: letter.generation,
        ATTEMPTS_ATTRIBUTE: letter.attempts,
        AT_ATTRIBUTE: letter.at,
    }
    room -= sum(attribute_size(name, value) for name, value in attributes.items())
    if room < 0:
        return {}
    reason = _cut(letter.reason, min(room - attribute_size(REASON_ATTRIBUTE, ""), _LONGEST_REASON))
    return {**attributes, REASON_ATTRIBUTE: reason} if reason else attributes


def _cut(text: str, longest: int) -> str:
    """Give a text that SQS accepts, cut to a number of bytes."""
    return legal_text(text).encode()[: max(longest, 0)].decode("utf-8", "ignore")
