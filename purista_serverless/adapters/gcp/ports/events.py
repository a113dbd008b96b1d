"""Events to the topics that are named after them."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import (
    EDGE_ATTRIBUTE,
    EVENT_ATTRIBUTE,
    EVENT_EDGE,
    SERVICE_ATTRIBUTE,
    TOPICS,
    TRACEPARENT_ATTRIBUTE,
    VERSION_ATTRIBUTE,
)
from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, Outgoing, publish
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Iterable

    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.message import Message

_PUBLISH = Use("pubsub.topics.publish", "declare can_emit=[...] on the handler")


class PubSubEvents:
    """An ``EventPort``: the envelope is the message, and attributes repeat what filters of subscriptions may look at.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = StorageClaimCheck(deployment)

    def publish(self, message: "Message") -> None:
        """Hand an event to its topic.

        Raises:
            TooLarge: It is more than a topic carries, and there is no claim check.
            Unavailable: The topic could not be reached.
            UndeclaredUse: The function was deployed without the permission to emit it.
            ProviderRefused: The topic refused it.
        """
        self.publish_all((message,))

    def publish_all(self, messages: "Iterable[Message]") -> None:
        """Hand several events to their topics in few requests; what raised may have happened for some of them.

        Raises:
            TooLarge, Unavailable, UndeclaredUse, ProviderRefused: As ``publish`` does.
        """
        by_topic: dict[str, list[Outgoing]] = {}
        for message in messages:
            edge = EVENT_EDGE + (message.event_name or message.message_type)
            topic = self._deployment.entry(TOPICS, edge, _PUBLISH)
            by_topic.setdefault(topic, []).append(self._outgoing(edge, message))
        for topic, outgoing in by_topic.items():
            publish(self._deployment, _PUBLISH, topic, outgoing)

    def _outgoing(self, edge: str, message: "Message") -> Outgoing:
        body = self._claims.fitted(edge, message.id, message.generation, message.encode(), BODY_BUDGET)
        sender = message.sender
        attributes = {
            EDGE_ATTRIBUTE: edge,
            EVENT_ATTRIBUTE: message.event_name,
            SERVICE_ATTRIBUTE: sender.service if sender is not None else None,
            VERSION_ATTRIBUTE: sender.version if sender is not None else None,
            TRACEPARENT_ATTRIBUTE: message.traceparent,
        }
        return Outgoing(body, attributes)
