"""Rules of a provider that hold between the resources of a plan, and what they find."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from purista_serverless.model import Origin
from purista_serverless.synth.verdicts import Degraded, Finding, Refused

R = TypeVar("R")
C = TypeVar("C")

Objection = Degraded | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[R, C]):
    """One rule of a provider.

    Attributes:
        name: Name in the report of a check.
        code: Code of its problem.
        meaning: What has to hold, for the documentation.
        judge: Gives what speaks against a resource, in a case.
    """

    name: str
    code: str
    meaning: str
    judge: Callable[[R, C], Iterator[Objection]]


def judged(rules: Iterable[Rule[R, C]], subject: R, case: C, *, declaration: str, origin: Origin) -> Iterator[Finding]:
    """Give what rules find on one subject; findings name the declaration that has to change."""
    for rule in rules:
        for objection in rule.judge(subject, case):
            yield Finding(promise=rule.name, code=rule.code, declaration=declaration, origin=origin, verdict=objection)
