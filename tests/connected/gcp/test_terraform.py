"""The real Terraform accepts what is rendered, makes all of it in an order that works, and then has nothing to do."""

from itertools import product

import pytest

from purista_serverless import Application
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, quoted, template
from tests.connected.gcp.terraform import Terraform
from tests.connected.gcp.terraform_applications import APPLICATIONS, OPTIONS, configuration_of, large

pytestmark = pytest.mark.connected


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
    done = {change["address"]: change["change"]["actions"] for change in plan.get("resource_changes", ())}
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


def test_a_change_of_one_property_changes_one_resource(terraform):
    """More memory for one function is an update of that function, in place."""
    deploy(terraform, configuration_of(APPLICATIONS["example"], {}))
    own = {"worker:Billing.1.closeCycle": {"memory": 512}}

    terraform.write(configuration_of(APPLICATIONS["example"], {"functions": own}))

    function = "google_cloudfunctions2_function.function_billing_close_cycle_worker"
    assert changes(terraform.plan()) == {function: ["update"]}


def test_other_sources_are_a_new_version_of_every_function(terraform):
    """A changed archive is uploaded under a new name, which all functions are built from; nothing else changes."""
    configuration = configuration_of(APPLICATIONS["example"], {})
    deploy(terraform, configuration)

    terraform.write(configuration, archive=b"other sources")

    functions = {address for address in addresses(configuration) if "cloudfunctions2_function" in address}
    assert changes(terraform.plan()) == {
        "google_storage_bucket_object.source": ["delete", "create"],
        **{address: ["update"] for address in functions},
    }


def test_an_application_without_anything_is_fine(terraform):
    """Nothing is made for it, and nothing is wrong."""
    configuration = configuration_of(Application("empty", []).model, {})

    plan = deploy(terraform, configuration)

    assert "resource" not in configuration
    assert changes(plan) == {}


def test_texts_arrive_as_they_were_meant(terraform):
    """Whatever Terraform could take for a template or an escape in a text, the text comes out as it is."""
    texts = ["".join(signs) for length in range(1, 5) for signs in product('$%{}"\\', repeat=length)]
    texts += [
        "line\nline\ttab",
        "Grüße, 世界 😀",
        "\u2028 \x01 \x7f",
        "<b>&</b>",
        "${var.a} %{if true}~%{endif}",
        "#/**/ //",
    ]
    terraform.write(
        {
            "variable": {"a": {"default": "wrong"}},
            "output": {
                "templates": {"value": [template(text) for text in texts]},
                "literals": {"value": [expression(quoted(text)) for text in texts]},
            },
        }
    )
    terraform.init()

    outputs = terraform.plan()["planned_values"]["outputs"]

    assert outputs["templates"]["value"] == texts
    assert outputs["literals"]["value"] == texts


def test_a_large_application_is_made_as_well(terraform):
    """Eight workers with as many subscriptions and gates, more than four hundred resources, are made in one go."""
    configuration = configuration_of(large(8, services=2).model, {})

    plan = deploy(terraform, configuration)

    assert len(changes(plan)) == len(addresses(configuration)) > 400
    assert not terraform.has_changes()
