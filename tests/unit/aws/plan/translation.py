"""Templates as SAM translates them, and what cfn-lint says about both forms."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from purista_serverless.adapter import Adapter, configure
from purista_serverless.adapters import load_adapter
from purista_serverless.model import Application
from purista_serverless.synth.pipeline import render

REGION = "eu-central-1"


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def adapter_with(**options: Any) -> Adapter:
    """Give the adapter with options."""
    return configure(load_adapter("aws"), options)


def templates_of(application: Application, adapter: Adapter) -> dict[str, str]:
    """Render the templates, by path."""
    return {path: text for path, text in render(application, adapter).items() if path.endswith(".yaml")}


def translated(text: str) -> dict[str, Any]:
    """Translate a template as CloudFormation does, with code and nested templates as if they had been uploaded."""
    template = yaml_parse(text)
    if "Globals" in template:
        template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            resource["Properties"]["Location"] = "https://bucket.s3.amazonaws.com/key"
    with pytest.MonkeyPatch.context() as patch:
        # The translator asks boto3 for the region.
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        return transform(template, {}, _NoManagedPolicies())  # type: ignore[no-any-return]


def lint(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Give the rules that cfn-lint finds broken in some templates."""
    paths = []
    for name, text in texts.items():
        path = folder / name.replace("/", "-")
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", "--regions", REGION, "--", *paths],
        capture_output=True,
        check=False,
        text=True,
    )
    assert finished.returncode in {0, 2, 4, 6, 8, 10, 12, 14}, finished.stderr
    return [f"{found['Rule']['Id']} {found['Message']}" for found in json.loads(finished.stdout)]


def both_forms(templates: Mapping[str, str]) -> dict[str, str]:
    """Give templates as they are rendered, and as they are translated."""
    plain = {f"{path}.json": json.dumps(translated(text)) for path, text in templates.items()}
    return {**templates, **plain}
