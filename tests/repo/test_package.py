"""What an installation gets."""

import zipfile
from configparser import ConfigParser
from email.parser import Parser

import pytest

from tests.repo.tree import files
from tests.repo.wheel import build_wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel once and open it."""
    return zipfile.ZipFile(build_wheel(tmp_path_factory.mktemp("package")))


def member(wheel: zipfile.ZipFile, ending: str) -> str:
    """Read the one file of the wheel whose name ends so."""
    (name,) = (name for name in wheel.namelist() if name.endswith(ending))
    return wheel.read(name).decode()


def test_the_wheel_holds_the_package_alone(wheel):
    """Every file of the package is installed, the marker for type checkers too, and no test or example."""
    installed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert installed == {path.as_posix() for path in files() if path.parts[0] == "purista_serverless"}
    assert "purista_serverless/py.typed" in installed


def test_entry_points_lead_somewhere(wheel):
    """Each entry point names a module that is in the wheel."""
    entries = ConfigParser()
    entries.read_string(member(wheel, "entry_points.txt"))
    modules = {value.partition(":")[0] for section in entries.sections() for value in entries[section].values()}
    installed = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in wheel.namelist()}

    assert {"purista_serverless.cli", "purista_serverless.testing.plugin"} <= modules
    assert modules <= installed


def test_the_metadata_carry_licence_and_readme(wheel):
    """A reader of the installed metadata finds the licence and the readme."""
    metadata = Parser().parsestr(member(wheel, "METADATA"))

    assert metadata["License-Expression"] == "MIT"
    assert "Permission is hereby granted" in member(wheel, "LICENSE")
    assert str(metadata.get_payload()).strip()
