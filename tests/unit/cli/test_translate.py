"""``translate``: what SAM makes of a template, nested ones included."""

import json
from pathlib import Path

import pytest

from purista_serverless.cli.failures import ExitCode

ROOT = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Handler": "a.handler", "Runtime": "python3.13", "CodeUri": "."},
        },
        "Part": {"Type": "AWS::Serverless::Application", "Properties": {"Location": "infra/aws/part.yaml"}},
    },
}
PART = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Write a template that nests another one, and go there."""
    (tmp_path / "infra" / "aws").mkdir(parents=True)
    (tmp_path / "template.yaml").write_text(json.dumps(ROOT))
    (tmp_path / "infra" / "aws" / "part.yaml").write_text(json.dumps(PART))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_translating(cli, folder, golden):
    """Each template is written as CloudFormation gets it: a function has a role then."""
    text, shape = cli("translate"), cli("translate", "--json")

    assert (text.code, shape.code) == (0, 0)
    golden("cli/translate.txt", text.out)
    golden("cli/translate.json", shape.out)
    translated = json.loads((folder / ".aws-sam" / "translated" / "template.json").read_text())
    assert translated["Resources"]["FunctionRole"]["Type"] == "AWS::IAM::Role"
    assert (folder / ".aws-sam" / "translated" / "infra" / "aws" / "part.json").is_file()


def test_what_is_no_template(cli, folder):
    """A file that is something else is told with its name."""
    (folder / "template.yaml").write_text("a: 1\n")

    failed = cli("translate")

    assert failed.code == ExitCode.APPLICATION
    assert "is no template" in failed.err
