"""What a rule may look at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from purista_serverless.adapters.aws.plan.names import LONGEST_PREFIX
from purista_serverless.adapters.aws.plan.resources import DeadLetterQueue, Queue
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.synth.rules import Objection
from purista_serverless.synth.verdicts import Refused


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


def too_long(name: str, limit: int, source: str) -> Iterator[Objection]:
    """Object to a name that is longer than its limit with the longest prefix before it.

    Args:
        name: Name in the account, without the prefix.
        limit: The most characters.
        source: Title of the documentation that gives the limit.
    """
    length = LONGEST_PREFIX + 1 + len(name)
    if length > limit:
        yield Refused(
            why=f"its name would have {length} characters, and the limit is {limit} ({source})",
            fix="give it a shorter name",
        )
