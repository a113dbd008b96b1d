"""``new``: the project that it writes."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from purista_serverless.cli.blueprint import project_files
from purista_serverless.cli.failures import ExitCode, Failure
from tests.repo.tree import ROOT
from tests.repo.wheel import build_wheel


def finished(command: list[str], folder: Path, **environment: str) -> str:
    """Run a program in a folder, which must succeed, and give what it printed; this repository is not importable."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MAKEFLAGS", "VENV"}}
    run = subprocess.run(
        command, cwd=folder, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_it_tells_what_it_wrote_and_what_is_next(cli, tmp_path, golden):
    """The text lists the files and the next three commands."""
    shown = cli("new", "tea-shop", "--dir", str(tmp_path / "tea-shop"))

    assert shown.code == 0
    golden("cli/new.txt", shown.out)


def test_its_json(cli, tmp_path, golden):
    """The JSON holds the name, the folder and the files that are there."""
    shown = cli("new", "tea-shop", "--dir", str(tmp_path / "tea-shop"), "--json")

    golden("cli/new.json", shown.out)
    assert all((tmp_path / "tea-shop" / name).is_file() for name in json.loads(shown.out)["files"])


def test_a_folder_that_is_not_empty_is_left_alone(cli, tmp_path):
    """Nothing is written beside files of somebody else."""
    (tmp_path / "notes.txt").write_text("mine")

    failed = cli("new", "tea-shop", "--dir", str(tmp_path))

    assert failed.code == ExitCode.USAGE
    assert "the folder is not empty" in failed.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "name", ["Tea", "tea_shop", "tea--shop", "-tea", "7up", "", "../tea", "class", "json", "tests"]
)
def test_a_name_that_cannot_be_a_module_is_refused(name):
    """Names are those of packages, and never shadow a module of Python."""
    with pytest.raises(Failure, match="cannot be the name of a project"):
        project_files(name)


def test_the_project_works_beside_this_checkout(tmp_path):
    """Its files are complete and well-formed, its tests pass, its application is found by its table."""
    files = project_files("tea-shop")
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        assert "{{" not in text, path

    assert tomllib.loads(files["pyproject.toml"])["tool"]["purista-serverless"]["app"] == "tea_shop.service:app"
    finished([sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "--check", "."], tmp_path)
    finished([sys.executable, "-m", "pytest", "-p", "no:cacheprovider"], tmp_path, PYTHONPATH=f"{ROOT}:{tmp_path}")
    shown = finished([sys.executable, "-m", "purista_serverless", "graph"], tmp_path, PYTHONPATH=str(ROOT))
    assert "orders.shipping" in shown


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Make an environment that holds the wheel of this checkout and what it requires, and nothing else."""
    wheel = build_wheel(tmp_path / "package")
    folder = tmp_path / "environment"
    finished([sys.executable, "-m", "venv", str(folder)], tmp_path)
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"{wheel}[cli,http,testing]"]
    installed = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "No matching distribution found" in installed.stderr:
        pytest.skip("no package index can be reached")
    assert installed.returncode == 0, installed.stderr
    return folder


def test_the_project_works_from_the_wheel(environment, tmp_path):
    """In a clean environment with nothing but the wheel, a new project's own `make test` passes."""
    finished([str(environment / "bin" / "purista-serverless"), "new", "tea-shop"], tmp_path)

    tested = finished(["make", "test", f"VENV={environment}"], tmp_path / "tea-shop")
    checked = finished(["make", "check", f"VENV={environment}"], tmp_path / "tea-shop")

    assert "3 passed" in tested
    assert "0 refused" in checked
