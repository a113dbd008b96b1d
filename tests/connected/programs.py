"""The command line in processes of its own, read line by line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.repo.tree import ROOT

Program = subprocess.Popen[str]

# Settings and credentials that commands want; nothing here reaches an account.
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_SECRET_ACCESS_KEY": "test",
    "KEY": "not-a-real-key",
    "PAYMENTS_KEY": "not-a-real-key",
    "PYTHONPATH": str(ROOT),
    "RATE": "19",
}


@contextmanager
def ended(programs: list[Program]) -> Iterator[list[Program]]:
    """Give a list of processes, and end those that are left in it."""
    yield programs
    for process in programs:
        process.kill()
        process.communicate()


def start(programs: list[Program], *arguments: object, folder: Path = ROOT) -> Program:
    """Start the command line."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "purista_serverless", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    programs.append(process)
    return process


def line(process: Program) -> dict[str, Any]:
    """Read the next line of JSON that a process prints."""
    assert process.stdout is not None
    text = process.stdout.readline()
    assert text, process.communicate()[1]
    return dict(json.loads(text))
