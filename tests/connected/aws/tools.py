"""The tools that have environments of their own, and how the tests call them."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.repo.tree import ROOT

REGION = "eu-central-1"
# Read by every SDK; nothing here reaches an account.
CREDENTIALS = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# What this machine can run; `Architecture` of the template has arm64 as default.
ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"

# Seconds after which a tool hangs.
PATIENCE = 300


def tool(name: str, program: str) -> Path:
    """Give the path of a program of a tool; the test is skipped where the tool is not installed."""
    path = Path(sys.prefix) / "tools" / name / "bin" / program
    if not path.exists():
        pytest.skip(f"{name} is not installed: make tools")
    return path


def run(*command: object, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and give what it wrote to standard output.

    Raises:
        AssertionError: It failed; the text is all that it wrote.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **CREDENTIALS, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, (
        f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout
