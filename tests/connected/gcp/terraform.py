"""Terraform's command line, as a team uses it, with a provider of Google that makes nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.gcp.render.terraform.addresses import PROJECT_GRANT, TARGETS, TYPES
from tests.connected.gcp.terraform_outcomes import OUTCOMES, REPLACED_BY
from tests.connected.gcp.terraform_provider import Provider
from tests.connected.gcp.terraform_rules import RULES
from tests.connected.gcp.terraform_schema import Schema, load_schema
from tests.connected.gcp.tools import program

SOURCE = "hashicorp/google"
PROJECT = "acme-billing"
REGION = "europe-west1"
ARCHIVE = "source.zip"
VALUES = {
    "project": PROJECT,
    "region": REGION,
    "source_archive": ARCHIVE,
    "image": "europe-west1-docker.pkg.dev/acme/shop/worker:1",
}
# Seconds after which Terraform hangs.
PATIENCE = 600

_ASSEMBLY = Path(sys.prefix) / "tools" / "terraform" / "package" / ".jsii"
_RESOURCES = sorted(
    {*TYPES.values(), *(target.kind for target in TARGETS.values()), PROJECT_GRANT, "google_storage_bucket_object"}
)
# What a configuration without a network and without anybody's settings has.
_ALONE = {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


def google_schema() -> Schema:
    """Give what the resources of Google look like; the test is skipped where nobody has got it."""
    if not _ASSEMBLY.exists():
        pytest.skip("the schema of Terraform's provider of Google is not installed: make tools")
    return load_schema(_ASSEMBLY, "google", _RESOURCES, ["google_project"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command of Terraform ended."""

    status: int
    output: str


class Terraform:
    """`terraform` in a folder.

    Args:
        folder: Where the configuration is.
        environment: What finds the provider.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._program = program("terraform")
        self._environment = {**os.environ, **_ALONE, **environment}

    def write(self, configuration: Mapping[str, Any], *, archive: bytes = b"sources") -> None:
        """Put a configuration into the folder, with values of the variables that have to be given."""
        (self._folder / "main.tf.json").write_text(json.dumps(configuration, indent=2), encoding="utf-8")
        (self._folder / ARCHIVE).write_bytes(archive)
        needed = [name for name, variable in configuration["variable"].items() if "default" not in variable]
        given = {name: VALUES.get(name, f"value of {name}") for name in needed}
        (self._folder / "terraform.tfvars.json").write_text(json.dumps(given), encoding="utf-8")

    def init(self) -> None:
        """Prepare the folder."""
        self._succeed("init", "-backend=false")

    def problems(self) -> list[str]:
        """Validate, and give what is wrong."""
        report = json.loads(self.run("validate", "-json").output)
        return [f"{found['summary']} {found.get('detail', '')}".strip() for found in report["diagnostics"]]

    def faults(self) -> str:
        """Give what `validate` complains of; what `plan` complains of if there is nothing."""
        found = "\n".join(self.problems())
        planned = Done(status=0, output="") if found else self.run("plan")
        return found or (planned.output if planned.status else "")

    def plan(self) -> dict[str, Any]:
        """Make a plan and give it."""
        self._succeed("plan", "-out=made.plan")
        plan: dict[str, Any] = json.loads(self._succeed("show", "-json", "made.plan"))
        return plan

    def apply(self) -> str:
        """Carry out the plan that was made."""
        return self._succeed("apply", "made.plan")

    def has_changes(self) -> bool:
        """Tell whether a plan would change anything."""
        done = self.run("plan", "-detailed-exitcode")
        assert done.status in {0, 2}, done.output
        return done.status == 2

    def outputs(self) -> dict[str, Any]:
        """Give what the deployment tells."""
        return {name: output["value"] for name, output in json.loads(self._succeed("output", "-json")).items()}

    def run(self, *arguments: str) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [str(self._program), *arguments, *(["-no-color"] if arguments[0] != "output" else [])],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Done(status=done.returncode, output=done.stdout + done.stderr)

    def _succeed(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.status == 0, f"terraform {' '.join(arguments)} ended with {done.status}\n{done.output}"
        return done.output


@contextmanager
def serve(schema: Schema) -> Iterator[dict[str, str]]:
    """Serve Google's provider, and give the variables with which Terraform finds it."""
    program("terraform")
    with Provider(SOURCE, schema, rules=RULES, outcomes=OUTCOMES, replaced_by=REPLACED_BY) as provider:
        yield provider.environment()
