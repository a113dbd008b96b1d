"""The example's templates before the judges that teams use: SAM's own validation, with its linter, and checkov."""

import json
import shutil
from pathlib import Path

import pytest

from purista_serverless.adapters.aws.emulator.template import load_template
from tests.connected.aws.sam import Sam
from tests.connected.aws.tools import REGION, run, tool
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

CONFIGURATION = Path(__file__).with_name("checkov.yaml")


def templates() -> list[Path]:
    """List the example's templates: the root, and the nested ones if there are any."""
    return [ROOT / "template.yaml", *sorted((ROOT / "infra" / "aws").rglob("*.template.yaml"))]


def checkov(path: Path) -> dict[str, object]:
    """Judge a template and give the findings by check."""
    report = json.loads(
        run(
            *(tool("checkov", "checkov"), "--file", path, "--config-file", CONFIGURATION, "--output", "json"),
            *("--skip-download", "--soft-fail", "--quiet"),
        )
    )
    reports = report if isinstance(report, list) else [report]
    assert sum(one["summary"]["resource_count"] for one in reports) > 0
    return {
        f"{found['check_id']} {found['resource']}": found["check_name"]
        for one in reports
        for found in one["results"]["failed_checks"]
    }


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_sam_validates_the_template_and_its_linter_finds_nothing(path, tmp_path):
    """`sam validate --lint` has no complaint."""
    shutil.copy(path, tmp_path / "template.yaml")

    assert "is a valid SAM Template" in Sam(tmp_path).validate()


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_checkov_finds_nothing_in_the_template(path):
    """Every check passes but those that checkov.yaml leaves out, each with its reason."""
    assert checkov(path) == {}


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_checkov_finds_nothing_in_what_the_template_becomes(path, tmp_path):
    """The translated template, in which SAM's roles, mappings and permissions are to be seen, passes too."""
    translated = tmp_path / "translated.json"
    translated.write_text(json.dumps(load_template(path, {}, REGION).body), encoding="utf-8")

    assert checkov(translated) == {}


def test_checkov_would_find_a_fault(tmp_path):
    """A table without backups and a policy that allows everything are found: the judge is awake."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = {"PolicyName": "everything", "PolicyDocument": everything, "Roles": ["somebody"]}
    template = {
        "Resources": {
            "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t"}},
        }
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")

    found = {text.partition(" ")[0] for text in checkov(path)}

    assert {"CKV_AWS_28", "CKV_AWS_107"} <= found


def test_every_check_that_is_left_out_has_a_reason():
    """In checkov.yaml a comment stands above each check that is left out."""
    lines = CONFIGURATION.read_text(encoding="utf-8").splitlines()
    left_out = [number for number, line in enumerate(lines) if line.strip().startswith("- CKV")]

    assert left_out
    assert all(lines[number - 1].strip().startswith("#") for number in left_out)
