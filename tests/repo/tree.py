"""The files of this repository, as git knows them, and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """List the tracked files and those that would be added, by path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found on the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (Path(name) for name in sorted(set(listed.stdout.split("\0")) - {""}))
    return tuple(path for path in paths if (ROOT / path).is_file())


def modules(folder: str) -> list[Path]:
    """List the Python files below a folder."""
    return [path for path in files() if path.suffix == ".py" and path.parts[0] == folder]


@cache
def syntax(path: Path) -> ast.Module:
    """Parse one Python file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[FunctionNode]:
    """Walk over the functions of a module, methods and nested ones included."""
    return (node for node in ast.walk(syntax(path)) if isinstance(node, FunctionNode))
