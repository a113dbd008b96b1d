"""Jobs to SQS."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.aws.constants import EDGE_ATTRIBUTE, QUEUE_EDGE, QUEUES, TRACEPARENT_ATTRIBUTE
from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body, send
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.message import Job

_SEND = Use("sqs:SendMessage", "declare can_enqueue=[...] on the handler")


class SqsQueues:
    """A ``QueuePort``. Jobs of one ordering key are one group of a FIFO queue, and a job is taken once in five minutes.

    Args:
        deployment: Where to.
    """

    __slots__ = ("_claims", "_deployment")

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._claims = S3ClaimCheck(deployment)

    def send(self, job: "Job", *, delay: int) -> None:
        """Put a job onto its queue.

        Raises:
            TooLarge: It is more than a queue carries, and there is no claim check.
            Unavailable: The queue could not be reached.
            UndeclaredUse: The function was deployed without the permission to enqueue it.
            ProviderRefused: The queue refused it.
        """
        edge = QUEUE_EDGE + job.queue
        url = self._deployment.entry(QUEUES, edge, _SEND)
        body = self._claims.fitted(edge, job.id, job.generation, legal_body(job.encode()), BODY_BUDGET)
        attributes: dict[str, str | int] = {EDGE_ATTRIBUTE: edge}
        if job.traceparent:
            attributes[TRACEPARENT_ATTRIBUTE] = job.traceparent
        send(
            self._deployment,
            _SEND,
            url,
            body,
            attributes=attributes,
            group=job.ordering_key or job.id,
            deduplication=f"{job.id}:{job.generation}",
            delay=delay,
        )
