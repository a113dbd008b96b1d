"""All rules on all resources of a deployment."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from purista_serverless.adapters.aws.checks.functions import FUNCTION_RULES, ROLE_RULES, ROUTE_RULES
from purista_serverless.adapters.aws.checks.messages import EVENT_RULES, QUEUE_RULES, SCHEDULE_RULES, SOURCE_RULES
from purista_serverless.adapters.aws.checks.rule import Case
from purista_serverless.adapters.aws.checks.stacks import DEPLOYMENT_RULES, STACK_RULES
from purista_serverless.adapters.aws.plan import resources as planned
from purista_serverless.adapters.aws.plan.resources import Declared, Resource
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.synth.rules import Rule, judged
from purista_serverless.synth.verdicts import Finding

R = TypeVar("R")

RULES: tuple[Rule[Any, Case], ...] = (
    *FUNCTION_RULES,
    *ROUTE_RULES,
    *ROLE_RULES,
    *SOURCE_RULES,
    *QUEUE_RULES,
    *EVENT_RULES,
    *SCHEDULE_RULES,
    *STACK_RULES,
    *DEPLOYMENT_RULES,
)


def check(deployment: Deployment) -> tuple[Finding, ...]:
    """Give everything that speaks against a plan."""
    return tuple(_findings(deployment))


def _findings(deployment: Deployment) -> Iterator[Finding]:
    case = _case(deployment)
    yield from _judged(DEPLOYMENT_RULES, deployment, deployment.declared, case)
    for stack in deployment.stacks:
        yield from _judged(STACK_RULES, stack, deployment.declared, case)
        for resource in stack.resources:
            yield from _of_resource(resource, case)
    for schedule in deployment.apart:
        yield from _of_resource(schedule, case)


def _case(deployment: Deployment) -> Case:
    every = [resource for stack in deployment.stacks for resource in stack.resources]
    return Case(
        deployment=deployment,
        queues={one.edge: one for one in every if isinstance(one, planned.Queue)},
        dead_letters={one.id: one for one in every if isinstance(one, planned.DeadLetterQueue)},
    )


def _of_resource(resource: Resource, case: Case) -> Iterator[Finding]:
    match resource:
        case planned.Function():
            yield from _judged(FUNCTION_RULES, resource, resource.declared, case)
            yield from _judged(SOURCE_RULES, resource, resource.declared, case)
        case planned.Role():
            yield from _judged(ROLE_RULES, resource, resource.declared, case)
        case planned.Route():
            yield from _judged(ROUTE_RULES, resource, resource.declared, case)
        case planned.Queue():
            yield from _judged(QUEUE_RULES, resource, resource.declared, case)
        case planned.Rule():
            yield from _judged(EVENT_RULES, resource, resource.declared, case)
        case planned.Schedule():
            yield from _judged(SCHEDULE_RULES, resource, resource.declared, case)
        case _:
            pass


def _judged(rules: Iterable[Rule[R, Case]], subject: R, declared: Declared, case: Case) -> Iterator[Finding]:
    return judged(rules, subject, case, declaration=declared.name, origin=declared.origin)
