"""Every rule of AWS that no linter knows: each is broken on purpose, and found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from purista_serverless.adapters.aws.checks.check import RULES, check
from purista_serverless.adapters.aws.plan import resources as planned
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.synth.blueprint import draw
from purista_serverless.synth.verdicts import Emulated, Native
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with

PLAN: Deployment = draw(everything().model, adapter_with()).plan

Break = Callable[[Any], Any]


def pattern(**fields: Any) -> Break:
    """Give a rule this event pattern."""
    return lambda rule: replace(rule, pattern=fields)


def expression(text: str) -> Break:
    """Give a schedule this expression."""
    return lambda schedule: replace(schedule, expression=text)


def source(**fields: Any) -> Break:
    """Change the sources of a function."""
    return lambda function: replace(function, sources=tuple(replace(one, **fields) for one in function.sources))


def field(**fields: Any) -> Break:
    """Change fields of a resource."""
    return lambda resource: replace(resource, **fields)


def statement(**fields: Any) -> Break:
    """Change the statements of a role."""
    return lambda role: replace(role, statements=tuple(replace(one, **fields) for one in role.statements))


# The rule, the kind of resource, and what is wrong with it.
BREAKS: list[tuple[str, type, Break]] = [
    ("invocation", planned.Function, field(longest_run=895)),
    ("environment", planned.Function, field(environment=(("X", "y" * 5_000),))),
    ("batching", planned.Function, source(batch_size=11, window=0, is_fifo=False)),
    ("batching", planned.Function, source(batch_size=11, is_fifo=True)),
    ("batching", planned.Function, source(batch_size=10_001, window=1, is_fifo=False)),
    ("concurrency", planned.Function, source(concurrency=1)),
    ("concurrency", planned.Function, source(concurrency=1_001)),
    ("function-name", planned.Function, field(physical_name="x" * 40)),
    ("body", planned.Route, field(largest_body=7 << 20)),
    ("rights", planned.Role, statement(resources=("x" * 11_000,))),
    ("visibility", planned.Queue, field(visibility=30)),
    ("dead-letter-age", planned.DeadLetterQueue, field(retention=60)),
    ("dead-letter-kind", planned.Queue, field(is_fifo=True)),
    ("queue-name", planned.Queue, field(physical_name="x" * 60)),
    ("waiting", planned.Queue, field(is_fifo=True, attempts=3, delay=timedelta(days=3))),
    ("event-pattern", planned.Rule, pattern()),
    ("event-pattern", planned.Rule, pattern(detailtype=("shop.paid",))),
    ("event-pattern", planned.Rule, pattern(source="shop")),
    ("event-pattern", planned.Rule, pattern(source=())),
    ("event-pattern", planned.Rule, pattern(detail={"tenantId": ({"begins": "a"},)})),
    ("event-pattern", planned.Rule, pattern(source=("x" * 2_050,))),
    ("event-targets", planned.Rule, lambda rule: replace(rule, targets=rule.targets * 6)),
    ("expression", planned.Schedule, expression("rate(1 minutes)")),
    ("expression", planned.Schedule, expression("cron(0 2 * * *)")),
    ("expression", planned.Schedule, expression("cron(0 2 1 * 2 *)")),
    ("expression", planned.Schedule, expression("cron(0 2 ? * ? *)")),
    ("expression", planned.Schedule, expression("at(2030-02-30T00:00:00)")),
    ("expression", planned.Schedule, expression(f"cron({'1,' * 130}2 * * * ? *)")),
    ("zone", planned.Schedule, field(timezone="Europe/Berlinn")),
    ("input", planned.Schedule, field(input="x" * 300_000)),
    ("input", planned.Schedule, field(put_events=("x" * 129, "purista.shop"))),
]


@pytest.mark.parametrize(("rule", "kind", "broken"), BREAKS, ids=[name for name, _, _ in BREAKS])
def test_what_is_broken_is_found(rule, kind, broken):
    """A plan with one kind of resource broken is objected to by that rule, at a declaration."""
    found = check(changed(lambda one: broken(one) if isinstance(one, kind) else one))

    assert rule in {finding.promise for finding in found}
    assert all(finding.origin.line and not isinstance(finding.verdict, Native | Emulated) for finding in found)


def test_a_stack_that_is_too_large_is_found():
    """More resources, outputs or parameters than CloudFormation takes are told, and ids that are taken twice."""
    (stack,) = PLAN.stacks
    bloated = replace(
        stack,
        resources=stack.resources * 20,
        outputs=stack.outputs * 20,
        parameters=stack.parameters * 50,
    )
    found = check(replace(PLAN, stacks=(bloated,)))

    assert [finding.promise for finding in found].count("stack-size") == 3
    assert "logical-ids" in {finding.promise for finding in found}


@pytest.mark.parametrize("references", ["${AWS::Region}${AWS::AccountId}", "${Prefix}", "${AWS::Partition}"])
def test_a_reference_counts_as_what_takes_its_place(references):
    """A region, an account and a prefix are no longer than a name, so that what fits is not refused."""
    text = references * (4_000 // max(len(references), 26))
    found = check(changed(lambda one: replace(one, environment=(("X", text),)) if is_function(one) else one))

    assert "environment" not in {finding.promise for finding in found}


def is_function(resource: Any) -> bool:
    """Say whether a resource is a function."""
    return isinstance(resource, planned.Function)


def test_no_rule_is_idle():
    """Each rule is broken above, or by an option that the demands set."""
    by_options = {"callers", "snap-start", "function-options", "tenant-claim", "stack-size", "logical-ids"}

    assert {name for name, _, _ in BREAKS} | by_options == {rule.name for rule in RULES}
    assert len({rule.code for rule in RULES}) == len(RULES)


def changed(change: Callable[[Any], Any]) -> Deployment:
    """Give the plan with its resources changed."""
    (stack,) = PLAN.stacks
    return replace(PLAN, stacks=(replace(stack, resources=tuple(map(change, stack.resources))),))
