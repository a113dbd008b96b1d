"""What the type checkers accept and reject of a user's code.

In ``rejected/`` exactly the lines that end in ``# rejected`` are errors; in ``accepted/`` no line is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = sorted(path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("*ed/*.py"))

# The bundled program and node: nothing is downloaded, see the Makefile.
QUIET = {"PYRIGHT_PYTHON_GLOBAL_NODE": "0", "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


def marked_lines() -> dict[str, list[int]]:
    """List the marked lines of each case file that has any."""
    found = {}
    for case in CASES:
        lines = (ROOT / case).read_text(encoding="utf-8").splitlines()
        marked = [number for number, line in enumerate(lines, 1) if line.endswith("# rejected")]
        if marked:
            found[case] = marked
    return found


def run(*command: str) -> str:
    """Run a checker at the root; a non-zero exit is its normal answer here, so only its output counts."""
    finished = subprocess.run(
        [sys.executable, "-m", *command, *CASES],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **QUIET},
    )
    assert finished.stdout, finished.stderr
    return finished.stdout


def mypy_errors() -> Iterator[tuple[str, int]]:
    """Report the errors of mypy as (file, line)."""
    # A cache of its own: `make check` may run at the same time.
    for line in run("mypy", "--output=json", "--cache-dir=.mypy_cache/typing").splitlines():
        problem = json.loads(line)
        if problem["severity"] == "error":
            yield Path(problem["file"]).as_posix(), problem["line"]


def pyright_errors() -> Iterator[tuple[str, int]]:
    """Report the errors of pyright as (file, line)."""
    for problem in json.loads(run("pyright", "--outputjson", f"--pythonpath={sys.executable}"))["generalDiagnostics"]:
        if problem["severity"] == "error":
            yield Path(problem["file"]).relative_to(ROOT).as_posix(), problem["range"]["start"]["line"] + 1


@pytest.mark.parametrize("checker", [mypy_errors, pyright_errors], ids=["mypy", "pyright"])
def test_exactly_the_marked_lines_are_rejected(checker: Callable[[], Iterator[tuple[str, int]]]):
    """A wrong use of the public names is a type error on its own line, and a right use is none."""
    found: dict[str, set[int]] = {}
    for case, line in checker():
        found.setdefault(case, set()).add(line)

    assert {case: sorted(lines) for case, lines in found.items()} == marked_lines()
    assert any("/accepted/" in case for case in CASES)
    assert any("/rejected/" in case for case in CASES)
