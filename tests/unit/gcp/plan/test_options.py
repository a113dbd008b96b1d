"""The options of a project: read once, with every mistake told at once."""

from dataclasses import fields
from typing import Any

import pytest

from purista_serverless.adapters.gcp.options import CPUS, FunctionOptions, Options, problem_of_prefix, read_options
from purista_serverless.adapters.gcp.plan.resources import Function, WorkerPool
from purista_serverless.errors import InvalidOptions
from tests.unit.aws.plan.applications import everything
from tests.unit.gcp.plan.deployments import functions_of, of_kind, planned


def test_every_mistake_is_told_at_once(golden):
    """Unknown keys, values out of range and mistakes inside tables are told together, with the fix of each."""
    with pytest.raises(InvalidOptions) as raised:
        read_options(
            {
                "prefix": "Google-shop",
                "region": "",
                "python": "2.7",
                "memory": 300,
                "cpu": 10_000,
                "concurrency": 0,
                "min-instances": -1,
                "max-instances": 0,
                "pool_instances": 0,
                "ingress": "nobody",
                "authorizer": "jwt",
                "tenant-claim": "",
                "claim_check": "yes",
                "alerts": 1,
                "schedules-apart": None,
                "labels": {"Team": "billing"},
                "functions": {"worker:Shop.1.pack": {"memry": 512, "cpu": 1}},
                "ledger": "eur3",
            }
        )

    golden("gcp/options.txt", f"{raised.value}\n")


def test_every_option_can_be_written():
    """There is no option of the adapter that a project's table could not hold."""
    written: dict[str, Any] = {
        "prefix": "acme",
        "region": "europe-west1",
        "python": "3.14",
        "memory": 1_024,
        "cpu": 1_000,
        "concurrency": 20,
        "min_instances": 1,
        "max_instances": 5,
        "pool_instances": 2,
        "ingress": "internal",
        "authorizer": "iam",
        "tenant_claim": "tenant",
        "claim_check": True,
        "ledger_location": "eur3",
        "alerts": False,
        "schedules_apart": True,
        "labels": {"team": "billing"},
        "functions": {},
    }

    assert set(written) == {one.name for one in fields(Options)}
    assert read_options(written) == Options(**written)


def test_keys_may_be_written_as_toml_has_them():
    """Hyphens and underscores are the same, also in the tables of functions."""
    options = read_options({"claim-check": True, "functions": {"worker:Shop.1.pack": {"max-instances": 5}}})

    assert options.claim_check
    assert options.of("worker:Shop.1.pack") == FunctionOptions(max_instances=5)
    assert options.of("worker:Shop.1.other") == FunctionOptions()


def test_options_of_a_function_are_its_own():
    """Memory, processors and instances of one function leave all others as they are."""
    own = {"memory": 2_048, "cpu": 2_000, "concurrency": 4, "min_instances": 1, "max_instances": 7}
    deployment = planned(everything().model, functions={"command:Shop.2.order": own}, memory=512)
    order, pack = (functions_of(deployment)[name] for name in ("command:Shop.2.order", "worker:Shop.2.pack"))

    assert {name: getattr(order, name) for name in own} == own
    assert (pack.memory, pack.cpu, pack.concurrency) == (512, CPUS[512], 1)


def test_options_of_the_deployment_are_everybodys():
    """Version, ingress, labels and prefix hold for all."""
    deployment = planned(
        everything().model, python="3.12", ingress="internal", labels={"team": "shop"}, prefix="acme", region="eu"
    )
    variables = {one.name: one.default for one in deployment.variables}

    assert {one.runtime for one in of_kind(deployment, Function)} == {"python312"}
    assert {one.ingress for one in of_kind(deployment, Function)} == {"internal"}
    assert deployment.labels == (("purista-application", "everything"), ("team", "shop"))
    assert (variables["prefix"], variables["region"]) == ("acme", "eu")
    assert not of_kind(deployment, WorkerPool)


@pytest.mark.parametrize("prefix", ["", "p" * 17, "goog", "1shop", "shop-", "Shop", "shop_1"])
def test_a_prefix_has_to_begin_all_names(prefix):
    """What topics, functions or accounts could not be called is no prefix."""
    assert problem_of_prefix(prefix) is not None
    assert problem_of_prefix("a-shop-1") is None
