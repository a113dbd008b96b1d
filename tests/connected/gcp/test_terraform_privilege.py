"""What a plan grants is what the declarations ask for: nothing is missing, and nobody may do more."""

import re
from collections import Counter

import pytest

from purista_serverless.synth.blueprint import draw
from tests.connected.gcp.terraform import PROJECT, Terraform
from tests.connected.gcp.terraform_applications import APPLICATIONS, configuration_of
from tests.connected.gcp.terraform_rights import READ_OBJECT, RECORD, WRITE_OBJECT, Declared, Granted
from tests.unit.gcp.plan.deployments import adapter_with

pytestmark = pytest.mark.connected


@pytest.fixture(params=[*APPLICATIONS.values()], ids=[*APPLICATIONS])
def application(request):
    """Give each application."""
    return request.param


@pytest.fixture
def plan_of(google, tmp_path):
    """Plan an application with options, and give what is granted and what is declared."""
    terraform = Terraform(tmp_path, google)

    def plan(application, change=None, **options):
        configuration = configuration_of(application, options)
        if change is not None:
            change(configuration)
        terraform.write(configuration)
        terraform.init()
        granted = Granted(terraform.plan(), configuration["variable"]["prefix"]["default"])
        topology = draw(application, adapter_with(**options)).topology
        return granted, Declared(application, topology, granted.pools, PROJECT)

    return plan


@pytest.mark.parametrize("authorizer", ["iam", "application"])
def test_granted_is_what_is_declared(plan_of, application, authorizer):
    """Every declared edge is granted, no other, and each of them once."""
    granted, declared = plan_of(application, authorizer=authorizer)

    rights = granted.rights()

    # Without an `authenticate` it cannot know anybody: `check` refuses, and nothing is opened.
    asks_application = authorizer == "application" and application.authenticate is not None
    assert set(rights) == declared.rights(asks_application=asks_application)
    assert [right for right, count in Counter(rights).items() if count > 1] == []


def test_records_are_those_of_the_database_alone(plan_of, application):
    """Who may use records may use those of this deployment's database, and no other's."""
    granted, declared = plan_of(application)

    conditions = granted.conditions(RECORD)

    assert conditions.keys() == declared.records()
    assert {text for texts in conditions.values() for text in texts} == {
        f'resource.name == "projects/{PROJECT}/databases/{granted.prefix}records"'
    }


@pytest.mark.parametrize("role", [READ_OBJECT, WRITE_OBJECT])
def test_large_bodies_are_those_of_the_own_edges_alone(plan_of, application, role):
    """A function reads the large bodies of edges that it consumes, and writes those of edges that it sends to."""
    granted, declared = plan_of(application, claim_check=True)

    found = {
        name: set(re.findall(r"/objects/(.+?)/\"\)", " ".join(texts)))
        for name, texts in granted.conditions(role).items()
    }

    assert found == declared.claims(role)


def test_what_is_not_declared_would_be_seen(plan_of):
    """A grant too many and a grant too few are differences: the recount is awake."""
    application = APPLICATIONS["example"]

    def widen(configuration):
        grants = configuration["resource"]["google_pubsub_topic_iam_member"]
        grant = next(iter(grants.values()))
        grants["another"] = {**grant, "role": "roles/pubsub.viewer"}
        grant["role"] = "roles/pubsub.admin"

    granted, declared = plan_of(application, change=widen)
    wanted, found = declared.rights(asks_application=False), set(granted.rights())

    assert {right.role for right in found - wanted} == {"roles/pubsub.admin", "roles/pubsub.viewer"}
    assert {right.role for right in wanted - found} == {"roles/pubsub.publisher"}
