"""The workflow of docs/ci.md: every command in it runs on a small project, and fails when it should."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.connected.aws.tools import tool
from tests.repo.tree import ROOT

pytestmark = pytest.mark.connected

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
DESK = """
from purista_serverless import Application, Context, Model, ServiceBuilder


class Order(Model):
    sku: str


desk = ServiceBuilder("Desk")
packing = desk.queue("desk.packing", Order, tracking="full")


@packing.worker()
def pack(ctx: Context, order: Order) -> None:
    pass


app = Application("desk", [desk])
"""
INSTALL = "Install"
DIFFERENCE = "What a deployment would change"


def workflow() -> dict[str, Any]:
    """Read the workflow of the page."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    # YAML takes `on` for a truth value; nothing here looks at it.
    content: dict[str, Any] = yaml.safe_load(block)
    return content


STEPS = {step["name"]: step["run"] for step in workflow()["jobs"]["review"]["steps"] if "run" in step}


class Project:
    """A project in git, and the steps of the workflow in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary = folder.parent / "summary.md"
        programs = folder.parent / "bin"
        programs.mkdir()
        command = f'#!/bin/sh\nexec "{sys.executable}" -m purista_serverless "$@"\n'
        (programs / "purista-serverless").write_text(command)
        (programs / "purista-serverless").chmod(0o755)
        places = (programs, Path(sys.executable).parent, tool("sam", "sam").parent, "/usr/bin", "/bin")
        self.environment = {
            **{name: str(value) for name, value in workflow()["env"].items()},
            "PATH": ":".join(map(str, places)),
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder.parent),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "BASE": "main",
            "ACCEPTED": "false",
        }

    def step(self, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a step as GitHub does."""
        return self.run("bash", "-e", "-c", STEPS[name], **environment)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project."""
        variables = {**self.environment, **environment}
        return subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def change(self, old: str, new: str) -> None:
        """Change the service."""
        self.write("desk.py", DESK.replace(old, new))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Commit a small project with what was built for AWS."""
    (tmp_path / "desk").mkdir()
    made = Project(tmp_path / "desk")
    made.write("pyproject.toml", '[tool.purista-serverless]\napp = "desk:app"\n')
    made.write("desk.py", DESK)
    made.write("requirements.txt", "")
    for command in (
        ("purista-serverless", "build", "--provider", "aws"),
        ("git", "init", "--quiet", "--initial-branch=main"),
        ("git", "add", "."),
        ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message=Begin"),
    ):
        done = made.run(*command)
        assert done.returncode == 0, done.stderr
    return made


def test_every_step_passes(project):
    """On a project whose files are current, each step ends well, in the order of the page."""
    failed = {}
    for name in STEPS:
        if name != INSTALL:
            done = project.step(name)
            failed.update({name: f"{done.stdout}\n{done.stderr}"} if done.returncode else {})

    assert failed == {}
    assert "nothing differs from main" in project.summary.read_text()


def test_what_is_installed_exists():
    """The extras of the first step are extras of this project, and the SAM CLI is what the step installs."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = re.search(r"purista-serverless\[(.+?)\]", STEPS[INSTALL])

    assert named is not None
    assert set(named[1].split(",")) <= set(extras)


def test_a_stale_file_fails(project):
    """A declaration without its build is refused."""
    project.change('tracking="full"', 'tracking="full", max_attempts=3')

    done = project.step("Generated files are current")

    assert done.returncode == 1
    assert "template.yaml" in done.stderr


def test_a_promise_that_is_kept_in_part_fails(project):
    """An untracked queue has attempts that AWS counts roughly, which is not enough for the strict check."""
    project.change(', tracking="full"', "")

    assert project.step("AWS keeps what is declared").returncode == 1


def test_a_faulty_template_fails(project):
    """Both linters are awake: a property that does not exist is found in either form."""
    template = project.folder / "template.yaml"
    template.write_text(template.read_text().replace("MessageRetentionPeriod:", "MessageRetentionPeriods:"))

    for name in ("The template has no fault", "Nor has what SAM makes of it"):
        done = project.step(name)
        assert done.returncode != 0
        assert "MessageRetentionPeriods" in done.stdout


def test_a_dangerous_change_needs_consent(project):
    """A change that loses messages fails until somebody accepts it, and is told in the summary either way."""
    project.change('tracking="full"', 'tracking="full", ordering_key="payload.sku"')

    refused, accepted = (project.step(DIFFERENCE, ACCEPTED=given) for given in ("false", "true"))

    assert (refused.returncode, accepted.returncode) == (1, 0), refused.stderr
    assert "loses-data" in project.summary.read_text()


def test_a_harmless_change_passes(project):
    """A longer run of a worker is told, and nothing else."""
    project.change('tracking="full"', 'tracking="full", max_attempts=20')

    done = project.step(DIFFERENCE)

    assert done.returncode == 0
    assert "0 dangerous" in done.stdout
