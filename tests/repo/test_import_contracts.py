"""The contracts of imports in pyproject.toml catch what they are there for.

`make check` holds the package against them. Here a skeleton of empty modules, made of the names in the contracts, gets
one wrong import at a time: a contract that cannot be broken protects nothing.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.tree import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# (importing module, imported module, start of the name of the contract that must break)
PLANTED = [
    ("model", "purista_serverless.runtime.loop", "Layers"),
    ("errors", "purista_serverless.naming", "Layers"),
    ("runtime.loop", "purista_serverless.synth.files", "Layers"),
    ("exports.graph", "purista_serverless.adapters.aws.plan", "Layers"),
    ("utils", "json", "Layers"),
    ("adapters.aws.plan", "purista_serverless.adapters.gcp.plan", "Adapters never"),
    ("adapters.aws.entry", "purista_serverless.topology", "Cold path"),
    ("adapters.gcp.entry", "boto3", "Cold path"),
    ("runtime.dispatch", "asyncio", "Cold path"),
    ("message", "pydantic", "The core"),
    ("builder.handles", "pydantic_core", "The core"),
    ("adapters.aws.codecs", "os", "Codecs"),
    ("adapters.aws.plan", "purista_serverless.synth.files", "Plans"),
    ("adapters.aws", "pydantic", "Package __init__"),
    ("", "purista_serverless.synth.files", "Package __init__"),
]


def mentioned() -> Iterator[str]:
    """Name the modules that the contracts speak of, with two adapters in the place of the wildcard."""
    for contract in CONTRACTS:
        for layer in contract.get("layers", ()):
            yield from (f"purista_serverless.{name}" for name in re.findall(r"\w+", layer))
        for key in ("modules", "source_modules", "forbidden_modules"):
            for name in contract.get(key, ()):
                plain = name.removesuffix(".**")
                if plain.startswith("purista_serverless"):
                    yield from (plain.replace("*", cloud) for cloud in ("aws", "gcp"))


def excused() -> set[tuple[str, str]]:
    """Give the imports that the contracts let pass; a contract that excuses what does not exist is an error."""
    texts = {text for contract in CONTRACTS for text in contract.get("ignore_imports", ())}
    return {(importer, imported) for importer, _, imported in (text.partition(" -> ") for text in texts)}


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Make a package of empty modules that keeps every contract."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in mentioned():
        file_of(tmp_path, name)
    for importer, imported in excused():
        with file_of(tmp_path, importer).open("a") as file:
            file.write(f"import {imported}\n")
    with file_of(tmp_path, "purista_serverless.schema").open("a") as file:
        file.write("import pydantic\n")
    return tmp_path


def file_of(root: Path, name: str) -> Path:
    """Return the file of a module, which is made as a package if it does not exist."""
    folder = root.joinpath(*name.split("."))
    for package in (folder, *folder.relative_to(root).parents):
        if package != Path():
            (root / package).mkdir(parents=True, exist_ok=True)
            (root / package / "__init__.py").touch()
    return folder / "__init__.py"


def broken(root: Path) -> list[str]:
    """Run the linter on the package below a folder and name the broken contracts."""
    command = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    finished = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=False, cwd=root, env={"PYTHONPATH": "."}
    )
    assert "kept" in finished.stdout, finished.stdout + finished.stderr
    return re.findall(r"^(.+) BROKEN", finished.stdout, re.MULTILINE)


def test_the_skeleton_keeps_every_contract(skeleton):
    """Empty modules, the one loop and the one door to pydantic break nothing."""
    assert broken(skeleton) == []


@pytest.mark.parametrize(("importing", "imported", "contract"), PLANTED)
def test_a_wrong_import_breaks_its_contract(skeleton, importing, imported, contract):
    """An import in the wrong direction is found by the contract that forbids it."""
    file = file_of(skeleton, f"purista_serverless.{importing}".removesuffix("."))
    file.write_text(file.read_text() + f"import {imported}\n")

    assert [name for name in broken(skeleton) if name.startswith(contract)]
