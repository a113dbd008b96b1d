"""What is said before anything is deployed about what Google Cloud cannot do."""

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters.gcp.checks.check import check
from purista_serverless.synth import check as synth
from purista_serverless.synth.verdicts import name_of
from purista_serverless.testing.contracts.sample import sample_application
from tests.unit.aws.plan.applications import everything
from tests.unit.gcp.checks.demands import CASES
from tests.unit.gcp.plan.deployments import adapter_with, planned
from tests.unit.synth.demands import application_of

VERDICTS = {"build": "refused", "strict": "degraded", "nothing": "emulated"}


@pytest.mark.parametrize("name", CASES)
def test_what_google_cannot_do_is_told(golden, name):
    """Each demand gets a verdict with the reason, the limit and its source, and with file and line."""
    case = CASES[name]
    report = synth.check(application_of(case.demand), adapter_with(**case.options))
    found = {name_of(finding.verdict) for finding in report.findings if finding.promise == case.promise}

    golden(f"gcp/check/{name}.txt", f"{report.text().rstrip()}\n")
    assert found == {VERDICTS[case.stops]}
    assert report.failed() == (case.stops == "build")


@pytest.mark.parametrize("model", [app.model, everything().model, sample_application()], ids=lambda model: model.name)
def test_nothing_speaks_against_what_can_be_deployed(golden, model):
    """The applications that are deployed in tests break no rule; their whole report is on file."""
    report = synth.check(model, adapter_with())

    golden(f"gcp/check/{model.name}.txt", f"{report.text().rstrip()}\n")
    # One worker declares how many of its runs there may be at a time.
    assert {finding.promise for finding in check(planned(model))} <= {"pressure"}
    assert not report.failed()
