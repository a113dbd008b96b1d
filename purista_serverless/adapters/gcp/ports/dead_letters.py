"""Dead letters to the dead-letter topic of their edge."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import (
    AT_ATTRIBUTE,
    ATTEMPTS_ATTRIBUTE,
    DEAD_LETTERS,
    EDGE_ATTRIBUTE,
    GENERATION_ATTRIBUTE,
    ID_ATTRIBUTE,
    REASON_ATTRIBUTE,
)
from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, MAX_REQUEST, Outgoing, cut, publish
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.runtime.ports import DeadLetter

_PUBLISH = Use("pubsub.topics.publish", "declare the edge in this application")


class PubSubDeadLetters:
    """A ``DeadLetterPort``: the body as it came, what is known besides as attributes.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = StorageClaimCheck(deployment)

    def put(self, letter: "DeadLetter") -> None:
        """Keep a letter; of several copies the topic keeps all.

        Raises:
            TooLarge: Its body is more than a topic carries, and there is no claim check.
            Unavailable: The topic could not be reached.
            UndeclaredUse: The function was deployed without the topic.
            ProviderRefused: The topic refused it.
        """
        topic = self._deployment.entry(DEAD_LETTERS, letter.edge, _PUBLISH)
        # A body that others sent may fill a message to the last byte, and has to get through.
        budget = BODY_BUDGET if self._claims.is_on else MAX_REQUEST
        body = self._claims.fitted(letter.edge, letter.id, letter.generation, letter.body, budget)
        publish(self._deployment, _PUBLISH, topic, (_outgoing(letter, body),))


def _outgoing(letter: "DeadLetter", body: bytes) -> Outgoing:
    """Give the letter with all attributes and a reason as long as it may be; without any, if they do not fit."""
    attributes: dict[str, str | None] = {
        EDGE_ATTRIBUTE: letter.edge,
        ID_ATTRIBUTE: letter.id,
        GENERATION_ATTRIBUTE: str(letter.generation),
        ATTEMPTS_ATTRIBUTE: str(letter.attempts),
        AT_ATTRIBUTE: str(letter.at),
    }
    room = MAX_REQUEST - Outgoing(body, attributes).size
    if room < 0:
        return Outgoing(body, {} if body else attributes)
    return Outgoing(body, {**attributes, REASON_ATTRIBUTE: cut(letter.reason, room - len(REASON_ATTRIBUTE))})
