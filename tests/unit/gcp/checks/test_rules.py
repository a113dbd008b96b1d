"""Every rule of Google Cloud that no linter knows: each is broken on purpose, and found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from purista_serverless.adapters.gcp.checks.check import RULES
from purista_serverless.adapters.gcp.checks.check import check as check_all
from purista_serverless.adapters.gcp.options import CPUS
from purista_serverless.adapters.gcp.plan import resources as planned_resources
from purista_serverless.adapters.gcp.plan.resources import Condition, Deployment, Sub
from purista_serverless.model import Cors
from purista_serverless.synth.verdicts import Emulated, Native
from tests.unit.aws.plan.applications import everything, large
from tests.unit.gcp.plan.deployments import planned

PLAN = planned(everything().model, claim_check=True)

Break = Callable[[Any], Any]


def field(**fields: Any) -> Break:
    """Change fields of a resource."""
    return lambda resource: replace(resource, **fields)


def check(deployment: Any) -> tuple[Any, ...]:
    """Give what is objected to, besides the worker of five runs at a time that `everything` has."""
    return tuple(finding for finding in check_all(deployment) if finding.promise != "pressure")


# The rule, the kind of resource, and what is wrong with it.
BREAKS: list[tuple[str, type, Break]] = [
    ("function-name", planned_resources.Function, field(name="x" * 40)),
    ("environment", planned_resources.Function, field(environment=(("X", "y" * 33_000),))),
    ("environment", planned_resources.Function, field(environment=(("X", Sub("${project}" * 1_200)),))),
    ("environment", planned_resources.Function, field(secrets=(("X", "secret_token"),) * 1_001)),
    ("push-time", planned_resources.Function, field(timeout=700, longest_push=600)),
    ("concurrency", planned_resources.Function, field(concurrency=2, cpu=500)),
    ("memory", planned_resources.Function, field(memory=1_024, cpu=80)),
    ("memory", planned_resources.Function, field(memory=1_024, cpu=1_500)),
    ("memory", planned_resources.Function, field(memory=1_024, cpu=4_000)),
    ("instances", planned_resources.Function, field(min_instances=3, max_instances=2)),
    ("body", planned_resources.Function, field(largest_body=33 << 20)),
    ("pressure", planned_resources.Function, field(max_instances=3, concurrency=2)),
    ("ingress", planned_resources.Function, field(ingress="internal")),
    ("subscription", planned_resources.Subscription, field(ack_deadline=5)),
    ("subscription", planned_resources.Subscription, field(retention=32 * 86_400)),
    ("subscription", planned_resources.Subscription, field(backoff=(10, 601))),
    ("subscription", planned_resources.Subscription, field(backoff=(20, 10))),
    ("undeliverable", planned_resources.Subscription, field(max_deliveries=4)),
    ("undeliverable", planned_resources.Subscription, field(dead_letter="nowhere")),
    ("filter", planned_resources.Subscription, field(filter="service = 1")),
    ("filter", planned_resources.Subscription, field(filter=f'attributes.service = "{"x" * 256}"')),
    ("subscription-name", planned_resources.Subscription, field(name="x" * 250)),
    ("topic-name", planned_resources.Topic, field(name="with space")),
    ("job-data", planned_resources.Job, field(data="x" * 1_100_000)),
    ("job-data", planned_resources.Job, field(attributes=(("event", "x" * 1_025),))),
    ("job", planned_resources.Job, field(cron="0 0 L * *")),
    ("job", planned_resources.Job, field(name="x" * 490)),
    ("accounts", planned_resources.Account, field(name="x")),
    ("claims", planned_resources.Grant, field(condition=None)),
    ("secrets", planned_resources.Secret, field(setting="mail.key")),
    ("secrets", planned_resources.Secret, field(setting="x" * 239)),
    ("unique-names", planned_resources.Topic, field(name="one")),
]


@pytest.mark.parametrize(("rule", "kind", "broken"), BREAKS, ids=[name for name, _, _ in BREAKS])
def test_what_is_broken_is_found(rule, kind, broken):
    """A plan with one kind of resource broken is objected to by that rule, at a declaration."""
    found = check_all(changed(lambda one: broken(one) if isinstance(one, kind) else one))

    assert rule in {finding.promise for finding in found}
    assert all(finding.origin.line and not isinstance(finding.verdict, Native | Emulated) for finding in found)


def test_a_prefix_that_google_keeps_for_itself_is_found():
    """An application whose name begins as Google's names do needs another prefix."""
    variables = tuple(replace(one, default="google-shop") if one.name == "prefix" else one for one in PLAN.variables)

    assert [finding.promise for finding in check(replace(PLAN, variables=variables))] == ["prefix"]


def test_a_region_holds_so_many_functions():
    """A thousand functions are the most, whatever else there is."""
    (function, *_) = [one for one in PLAN.resources if isinstance(one, planned_resources.Function)]
    many = tuple(replace(function, id=f"function_{number}", name=f"f{number}") for number in range(1_001))

    assert "quotas" in {finding.promise for finding in check(replace(PLAN, resources=(*PLAN.resources, *many)))}


@pytest.mark.parametrize(("count", "member"), [(21, "account_push"), (101, "account_{}")])
def test_a_policy_holds_so_many_conditions(count, member):
    """One member has 20 in a role, and all together have a hundred."""
    grants = [
        planned_resources.Grant(
            id=f"grant_{number}",
            role="roles/storage.objectViewer",
            member=member.format(number),
            on="bucket_claims",
            condition=Condition(title="claims", expression=Sub(f"resource.name == {number}")),
        )
        for number in range(count)
    ]

    assert "claims" in {finding.promise for finding in check(replace(PLAN, resources=(*PLAN.resources, *grants)))}


def test_many_functions_share_the_right_to_claims():
    """Above the conditions that a policy holds every function may read all bodies, which is told."""
    deployment = planned(large(51, services=1).model, claim_check=True)
    (found,) = [finding for finding in check(deployment) if finding.promise == "claims"]

    assert "every function may read" in found.verdict.why
    assert check(planned(large(25, services=1).model, claim_check=True)) == ()


def test_jobs_that_are_made_apart_have_names_of_their_own_too():
    """`schedules apply` would make one of two."""
    plan = planned(everything().model, schedules_apart=True)
    one, *others = plan.apart
    broken = replace(plan, apart=(one, *(replace(job, name=one.name) for job in others)))

    assert check(plan) == ()
    assert {finding.promise for finding in check(broken)} == {"unique-names"}


def test_callers_that_cannot_come_through_are_told():
    """A private route that Google guards asks no authenticate of the application, and lets in no page of others."""
    application = replace(
        everything().model, authenticate=str, authenticate_path="shop:who", cors=Cors(origins=("https://shop.test",))
    )
    found = [finding.promise for finding in check(planned(application, authorizer="iam"))]

    assert found == ["callers", "callers"]
    assert check(planned(application)) == ()


@pytest.mark.parametrize("memory", CPUS)
def test_what_google_gives_for_a_memory_is_enough(memory):
    """Without an option for processors no function has too few for its memory."""
    assert check(planned(everything().model, memory=memory)) == ()


def test_no_rule_is_idle():
    """Each rule is broken above, or by a demand."""
    others = {"prefix", "quotas", "callers", "function-options", "put-off"}

    assert {name for name, _, _ in BREAKS} | others == {rule.name for rule in RULES}
    assert len({rule.code for rule in RULES}) == len(RULES)


def changed(change: Callable[[Any], Any]) -> Deployment:
    """Give the plan with its resources changed."""
    return replace(PLAN, resources=tuple(map(change, PLAN.resources)))


def test_a_worker_that_bounds_its_runs_is_told_what_waiting_costs():
    """Whoever declares no concurrency has as many instances as there are."""
    (found,) = [finding for finding in check_all(PLAN) if finding.promise == "pressure"]

    assert found.declaration == "Shop v2 > pack"
    assert "all of its 5 runs" in found.verdict.why  # type: ignore[union-attr]
