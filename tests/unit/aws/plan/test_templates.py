"""Templates are such as SAM translates and CloudFormation takes."""

import json
from typing import Any

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.aws.plan.weights import DEPLOYMENT_RESOURCES, weight_of
from purista_serverless.synth.blueprint import draw
from purista_serverless.testing.contracts.sample import sample_application
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with, both_forms, lint, templates_of, translated

APPLICATIONS = {"example": app.model, "sample": sample_application(), "everything": everything().model}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "nested": {"stacks": "nested"},
    "rich": {
        "archive_days": 7,
        "canary": "Linear10PercentEvery1Minute",
        "claim_check": True,
        "metrics": True,
        "snap_start": True,
        "tenant_claim": "tenant",
    },
    "iam": {"authorizer": "iam", "alarms": False},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_linters_find_nothing(options, tmp_path):
    """cfn-lint is content with the templates as written and as translated, whatever is asked for."""
    adapter = adapter_with(**options)
    templates = {
        f"{name}-{path}": text
        for name, application in APPLICATIONS.items()
        for path, text in both_forms(templates_of(application, adapter)).items()
    }

    assert lint(tmp_path, templates) == []


def test_linters_would_find_something(tmp_path):
    """The same check finds what is wrong before, and what only the translation shows."""
    (template,) = templates_of(app.model, adapter_with()).values()
    misspelt = template.replace("MessageRetentionPeriod", "MessageRetention")
    dangling = template.replace("!GetAtt BillingMonthlyClosingQueue.Arn", "!GetAtt NoSuchQueue.Arn")

    assert any(found.startswith("E3002") for found in lint(tmp_path, {"misspelt.yaml": misspelt}))
    assert any(found.startswith("E1010") for found in lint(tmp_path, {"plain.json": json.dumps(translated(dangling))}))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("application", APPLICATIONS.values(), ids=APPLICATIONS)
def test_resources_are_counted_as_they_are_after_translation(application, options):
    """The weight of a stack is the number of resources that CloudFormation will count in it."""
    adapter = adapter_with(**options)
    templates = templates_of(application, adapter)
    has_canary = "canary" in options
    for stack in draw(application, adapter).plan.stacks:
        weight = sum(weight_of(resource, has_canary=has_canary) for resource in stack.resources)
        if has_canary and "AWS::Serverless::Function" in templates[stack.path]:
            weight += DEPLOYMENT_RESOURCES

        assert len(translated(templates[stack.path])["Resources"]) == weight, stack.path


@pytest.mark.parametrize("name", ["plain", "nested", "rich"])
def test_everything_is_rendered_as_on_file(golden, name):
    """One of everything, with and without what can be asked for besides, is reviewed as a file."""
    for path, text in templates_of(APPLICATIONS["everything"], adapter_with(**OPTIONS[name])).items():
        golden(f"aws/{name}/{path}", text)
