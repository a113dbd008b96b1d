"""All rules on all resources of a deployment."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from purista_serverless.adapters.gcp.checks.case import Case
from purista_serverless.adapters.gcp.checks.functions import FUNCTION_RULES
from purista_serverless.adapters.gcp.checks.messages import JOB_RULES, SUBSCRIPTION_RULES, TOPIC_RULES
from purista_serverless.adapters.gcp.checks.project import PROJECT_RULES
from purista_serverless.adapters.gcp.plan.places import PUSH_ACCOUNT
from purista_serverless.adapters.gcp.plan.resources import (
    ALL_USERS,
    Declared,
    Deployment,
    Function,
    Grant,
    Job,
    Resource,
    Subscription,
    Topic,
)
from purista_serverless.synth.rules import Rule, judged
from purista_serverless.synth.verdicts import Finding

R = TypeVar("R")

RULES: tuple[Rule[Any, Case], ...] = (*FUNCTION_RULES, *SUBSCRIPTION_RULES, *TOPIC_RULES, *JOB_RULES, *PROJECT_RULES)


def check(deployment: Deployment) -> tuple[Finding, ...]:
    """Give everything that speaks against a plan."""
    return tuple(_findings(deployment))


def _findings(deployment: Deployment) -> Iterator[Finding]:
    case = Case(
        deployment=deployment,
        resources={resource.id: resource for resource in deployment.resources},
        invoked=frozenset(_invoked(deployment)),
    )
    yield from _judged(PROJECT_RULES, deployment, deployment.declared, case)
    for resource in (*deployment.resources, *deployment.apart):
        yield from _of_resource(resource, case)


def _invoked(deployment: Deployment) -> Iterator[str]:
    """Give the functions that other functions may invoke."""
    grants = (one for one in deployment.resources if isinstance(one, Grant) and one.on.startswith("function_"))
    return (grant.on for grant in grants if grant.member not in {ALL_USERS, PUSH_ACCOUNT})


def _of_resource(resource: Resource, case: Case) -> Iterator[Finding]:
    match resource:
        case Function():
            yield from _judged(FUNCTION_RULES, resource, resource.declared, case)
        case Subscription():
            yield from _judged(SUBSCRIPTION_RULES, resource, resource.declared, case)
        case Topic():
            yield from _judged(TOPIC_RULES, resource, resource.declared, case)
        case Job():
            yield from _judged(JOB_RULES, resource, resource.declared, case)
        case _:
            pass


def _judged(rules: Iterable[Rule[R, Case]], subject: R, declared: Declared, case: Case) -> Iterator[Finding]:
    return judged(rules, subject, case, declaration=declared.name, origin=declared.origin)
