"""The committed handlers, templates and contracts are what the example application generates today."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.synth.files import compare, write
from purista_serverless.synth.pipeline import folders_of, render

ROOT = Path(__file__).parents[2]

OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["purista-serverless"]

PROVIDERS = ["aws", "gcp"]

RENDERING = """
import hashlib
import sys
from examples.enterprise_billing_cycle.app import app
from purista_serverless.adapters import load_adapter
from purista_serverless.synth.pipeline import render
text = repr(list(render(app.model, load_adapter(sys.argv[1])).items()))
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_committed_files_are_current(request: pytest.FixtureRequest, provider: str):
    """No file of the build for a cloud differs from what the code generates; ``make golden`` writes them."""
    adapter = configure(load_adapter(provider), OPTIONS.get(provider, {}))
    files, folders = render(app.model, adapter), folders_of(adapter)
    if request.config.getoption("--update-golden"):
        write(ROOT, files, folders=folders)

    assert compare(ROOT, files, folders=folders) == ()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_files_do_not_depend_on_the_hash_seed(provider: str):
    """Ten hash seeds give the same bytes, in the same order."""
    digests = {_rendered(ROOT, provider, seed) for seed in range(10)}

    assert len(digests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_files_do_not_depend_on_where_the_project_lies(tmp_path: Path, provider: str):
    """A checkout that was moved gives the same bytes."""
    moved = tmp_path / "elsewhere" / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("examples", "purista_serverless"):
        shutil.copytree(ROOT / folder, moved / folder, ignore=ignored)

    assert _rendered(moved, provider, 0) == _rendered(ROOT, provider, 0)


def _rendered(root: Path, provider: str, seed: int) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", RENDERING, provider],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(root)},
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return finished.stdout
