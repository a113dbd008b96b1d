"""Jobs to the topics of their queues, at once or by a task of Cloud Tasks."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.gcp.constants import (
    EDGE_ATTRIBUTE,
    QUEUE_EDGE,
    TOPICS,
    TRACEPARENT_ATTRIBUTE,
)
from purista_serverless.adapters.gcp.ports.claim_check import StorageClaimCheck
from purista_serverless.adapters.gcp.ports.delays import TaskDelays
from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, Outgoing, publish
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports.deployment import Deployment
    from purista_serverless.message import Job

_PUBLISH = Use("pubsub.topics.publish", "declare can_enqueue=[...] on the handler")


class PubSubQueues:
    """A ``QueuePort``. Jobs of one ordering key share it on their topic, and arrive in the order of their sending.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_delays", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = StorageClaimCheck(deployment)
        self._delays = TaskDelays(deployment)

    def send(self, job: "Job", *, delay: int) -> None:
        """Put a job onto its queue.

        Raises:
            TooLarge: It is more than a topic carries, or a task if it has a delay, and there is no claim check.
            Unavailable: The topic could not be reached.
            UndeclaredUse: The function was deployed without the permission to enqueue it, or to delay it.
            ProviderRefused: The topic refused it.
        """
        edge = QUEUE_EDGE + job.queue
        topic = self._deployment.entry(TOPICS, edge, _PUBLISH)
        attributes = {EDGE_ATTRIBUTE: edge, TRACEPARENT_ATTRIBUTE: job.traceparent}
        if delay > 0:
            due = self._deployment.clock.now() + delay
            self._delays.send(
                edge,
                job.encode(),
                attributes=attributes,
                ordering_key=job.ordering_key,
                id=f"{job.id}:{job.generation}:0",
                due=due,
            )
            return
        body = self._claims.fitted(edge, job.id, job.generation, job.encode(), BODY_BUDGET)
        publish(self._deployment, _PUBLISH, topic, (Outgoing(body, attributes, job.ordering_key),))
