"""Processes of an emulator leave nothing behind, however its own process ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from purista_serverless.emulation.processes import ProcessGroup
from tests.repo.tree import ROOT

# It starts a child, as gunicorn starts its workers.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'], stdin=0)"
FOREVER = f"import os; r, w = os.pipe(); os.dup2(r, 0); {PARENT}"

OWNER = """
import os, signal, sys
from purista_serverless.emulation.processes import ProcessGroup

group = ProcessGroup([sys.executable, "-c", sys.argv[1]], output=sys.stdout.buffer)
os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_a_process_that_is_killed(number):
    """Whatever signal ends the owner, all that its group started ends too: nobody holds its output any more."""
    done = subprocess.run(
        [sys.executable, "-c", OWNER, FOREVER, str(int(number))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )

    assert done.returncode == -number


@pytest.mark.parametrize("end", [ProcessGroup.stop, ProcessGroup.kill])
def test_a_group_ends_as_a_whole(end):
    """Whoever ends a group ends what its process started too."""
    group = ProcessGroup([sys.executable, "-c", FOREVER])
    with group.output as output:
        first = output.readline()
        end(group)
        rest = output.read()

    assert (first, rest) == (b"1\n", b"")
    assert group.wait() < 0
    assert group.has_ended
    group.stop()


def test_a_process_that_does_not_want_to_end_is_ended(monkeypatch):
    """A process that ignores SIGTERM is killed when its grace has passed."""
    monkeypatch.setattr("purista_serverless.emulation.processes._GRACE", 0.1)
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    group = ProcessGroup([sys.executable, "-c", stubborn])
    with group.output as output:
        output.readline()
        group.stop()

    assert group.wait() == -signal.SIGKILL


def test_a_process_has_the_folder_and_the_environment_that_it_was_given(tmp_path: Path):
    """Nothing of the owner's environment reaches a process that has one of its own."""
    print_both = "import os; print(os.getcwd(), os.environ.get('A'), os.environ.get('HOME'))"
    group = ProcessGroup([sys.executable, "-c", print_both], folder=tmp_path, environment={"A": "1"})
    with group.output as output:
        line = output.read().decode()

    assert line == f"{tmp_path.resolve()} 1 None\n"
    assert group.wait() == 0
    group.stop()
