"""What a rule is, and what it may look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from purista_serverless.adapters.aws.plan.resources import DeadLetterQueue, Queue
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.synth.verdicts import Degraded, Refused

R = TypeVar("R")

Objection = Degraded | Refused


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[R]):
    """One rule of AWS.

    Attributes:
        name: Name in the report of a check.
        code: Code of its problem.
        meaning: What has to hold, for the documentation.
        judge: Gives what speaks against a resource.
    """

    name: str
    code: str
    meaning: str
    judge: Callable[[R, Case], Iterator[Objection]]
