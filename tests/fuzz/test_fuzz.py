"""The coverage-guided fuzzer on the codecs: a short run each time, a long one with the soak."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CLOUDS = ("aws", "gcp")

needs_atheris = pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed; it has wheels for Linux: pip install atheris"
)


@needs_atheris
@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_bad_events_leave_the_codecs(cloud):
    """Twenty thousand inputs, the same ones each time."""
    assert "Done 20000 runs" in fuzz(cloud, 20_000)


@needs_atheris
@pytest.mark.soak
@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_bad_events_leave_the_codecs_in_a_long_run(cloud):
    """A million inputs, in a few minutes."""
    assert "Done 1000000 runs" in fuzz(cloud, 1_000_000)


def fuzz(cloud: str, runs: int) -> str:
    """Run the fuzzer and give what it says; it ends with an error at the first finding, and shows it."""
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            f"tests.fuzz.fuzz_{cloud}_codecs",
            f"-runs={runs}",
            "-seed=1",
            "-max_len=192",
            # Inputs are decisions, not text: short ones change nothing deep inside of an event.
            "-len_control=0",
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return finished.stderr
