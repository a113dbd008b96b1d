"""What a rule may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapters.aws.plan.resources import DeadLetterQueue, Queue
from purista_serverless.adapters.aws.plan.stacks import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A deployment, and its queues by what they are referred to by.

    Attributes:
        deployment: All stacks.
        queues: Queues by the names of their edges.
        dead_letters: Dead-letter queues by id.
    """

    deployment: Deployment
    queues: Mapping[str, Queue]
    dead_letters: Mapping[str, DeadLetterQueue]
