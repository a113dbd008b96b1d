"""Versions agree wherever they are written."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import purista_serverless
from tests.repo.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS_IN_THE_ENVIRONMENT = ("aws", "aws-emulator", "cli", "http", "otel", "testing")


def pins(name: str) -> dict[str, Version]:
    """Read a file of exact pins; anything but `name==version` is an error."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(matches), f"requirements/{name} holds more than plain pins"
    return {canonicalize_name(match[1]): Version(match[2]) for match in matches if match}


def test_one_version_everywhere():
    """The changelog's newest entry, the project and the package name the same version."""
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == PROJECT["version"] == purista_serverless.__version__


@pytest.mark.parametrize("name", ["run.txt", "../requirements.txt"])
def test_the_small_environments_are_parts_of_the_large_one(name):
    """What `make run` and a deployed function install is pinned to the same versions for the tests."""
    assert pins(name).items() <= pins("dev.txt").items()


def test_the_environments_of_tools_are_pinned():
    """Each tool of the Makefile has a file of plain pins, and no other file lies about."""
    listed = re.search(r"^TOOL_NAMES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert listed is not None
    assert [f"tools-{name}.txt" for name in listed[1].split()] == sorted(
        path.name for path in (ROOT / "requirements").glob("tools-*.txt")
    )
    assert all(pins(f"tools-{name}.txt") for name in listed[1].split())


def test_every_requirement_accepts_its_pin():
    """No requirement, extra ones included, excludes the version that the tests ran with."""
    texts = [*PROJECT["dependencies"], *(text for extra in PROJECT["optional-dependencies"].values() for text in extra)]
    tested = pins("dev.txt")
    refused = [
        text
        for text in texts
        if (pinned := tested.get(canonicalize_name(Requirement(text).name)))
        and not Requirement(text).specifier.contains(pinned)
    ]

    assert refused == []


def test_what_the_tests_need_is_pinned():
    """Each dependency, and each extra that the tests always have, is in the pinned environment."""
    extras = (text for extra in EXTRAS_IN_THE_ENVIRONMENT for text in PROJECT["optional-dependencies"][extra])
    names = {canonicalize_name(Requirement(text).name) for text in (*PROJECT["dependencies"], *extras)}

    assert names <= pins("dev.txt").keys()
