"""The committed handlers are what the example application generates today."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples.enterprise_billing_cycle.app import app
from purista_serverless.synth.files import compare, write
from purista_serverless.synth.handlers import FOLDER, render_handlers
from purista_serverless.topology import topology_of

ROOT = Path(__file__).parents[2]

RENDERING = """
import hashlib
from examples.enterprise_billing_cycle.app import app
from purista_serverless.synth.handlers import render_handlers
from purista_serverless.topology import topology_of
text = repr(sorted(render_handlers(topology_of(app.model)).items()))
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_committed_handlers_are_current(request: pytest.FixtureRequest):
    """No file under handlers/ differs from what the code generates; ``make golden`` writes them."""
    files = render_handlers(topology_of(app.model))
    if request.config.getoption("--update-golden"):
        write(ROOT, files, folders=(FOLDER,))

    assert compare(ROOT, files, folders=(FOLDER,)) == ()


def test_handlers_do_not_depend_on_the_hash_seed():
    """Ten hash seeds give the same bytes."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", RENDERING],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in range(10)
    }

    assert len(digests) == 1
