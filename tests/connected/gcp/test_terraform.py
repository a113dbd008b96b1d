"""The real Terraform accepts what is rendered, makes all of it in an order that works, and then has nothing to do."""

import pytest

from tests.connected.gcp.terraform import Terraform
from tests.connected.gcp.terraform_applications import APPLICATIONS, OPTIONS, configuration_of, large

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("terraform")]


@pytest.fixture
def terraform(google, tmp_path):
    """Give Terraform in an empty folder."""
    return Terraform(tmp_path, google)


def deploy(terraform, configuration):
    """Check, plan and apply a configuration, and give the plan."""
    terraform.write(configuration)
    terraform.init()
    assert terraform.problems() == []
    plan = terraform.plan()
    terraform.apply()
    return plan


def addresses(configuration):
    """List the resources of a configuration."""
    return {f"{kind}.{name}" for kind, found in configuration["resource"].items() for name in found}


def changes(plan):
    """Give what a plan does to resources, by address, as far as it does something."""
    done = {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]}
    return {address: actions for address, actions in done.items() if actions not in (["no-op"], ["read"])}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("application", APPLICATIONS.values(), ids=APPLICATIONS)
def test_all_is_made_and_a_second_plan_is_empty(terraform, application, options):
    """Each application is valid with every set of options, is made as planned, and is then as it should be."""
    configuration = configuration_of(application, options)

    plan = deploy(terraform, configuration)

    assert changes(plan) == {address: ["create"] for address in addresses(configuration)}
    assert not terraform.has_changes()
    assert terraform.outputs().keys() == configuration["output"].keys()


def test_a_large_application_is_made_as_well(terraform):
    """Twelve workers with as many subscriptions and gates, more than five hundred resources, are made in one go."""
    configuration = configuration_of(large(12, services=3).model, {})

    plan = deploy(terraform, configuration)

    assert len(changes(plan)) == len(addresses(configuration)) > 500
    assert not terraform.has_changes()
