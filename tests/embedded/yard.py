"""Processes that work on one file, their log, and the ways to wait for them and to end them."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from purista_serverless.adapters.embedded.host import Host, Share
from tests.embedded.plant import application
from tests.repo.tree import ROOT

# What takes longer than this, in seconds, hangs.
PATIENCE = 180

Line = dict[str, Any]


class Yard:
    """A folder with a file, a log, and the processes that work on them.

    Attributes:
        file: The application's file.
        log: What the handlers wrote down.
        lines: What the bell has told so far.
        ended: Names of the tasks of which a run has come to its end, by the bell.
        processes: The processes that run, with the arguments that started them.
    """

    def __init__(self, folder: Path, bell: tuple[int, int]) -> None:
        self.file = folder / "plant.db"
        self.log = folder / "log"
        self.lines: list[Line] = []
        self.ended: set[str] = set()
        self.processes: dict[subprocess.Popen[bytes], tuple[str, ...]] = {}
        self._folder = folder
        self._bell = bell
        self._rest = b""
        with Host(application, self.file):
            # The file is made by one process; from here on several open it.
            pass

    def start(self, *arguments: object) -> None:
        """Start a process in a role of ``roles``."""
        role, *numbers = map(str, arguments)
        command = [sys.executable, "-m", "tests.embedded.roles", role, str(self.file), *numbers]
        with (self._folder / "errors").open("ab") as errors:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PLANT_LOG": str(self.log), "PLANT_BELL": str(self._bell[1])},
                pass_fds=[self._bell[1]],
                stderr=errors,
            )
        self.processes[process] = (role, *numbers)

    def wait_for(self, is_enough: Callable[[], bool]) -> None:
        """Read what the bell tells until it is enough."""
        deadline = monotonic() + PATIENCE
        while not is_enough():
            self.read(max(deadline - monotonic(), 0))

    def read(self, patience: float) -> None:
        """Wait until the bell rings, and note what it tells."""
        readable, _, _ = select.select([self._bell[0]], [], [], patience)
        if not readable:
            raise TimeoutError(f"what was waited for did not happen within {PATIENCE} s\n{self.errors()}")
        *lines, self._rest = (self._rest + os.read(self._bell[0], 65_536)).split(b"\n")
        for line in map(json.loads, lines):
            self.lines.append(line)
            if line["kind"] == "end":
                self.ended.add(line["name"])

    def wait_until_ready(self) -> None:
        """Wait until every process has come so far that it hears signals."""
        self.wait_for(lambda: {process.pid for process in self.processes} <= self.pids("ready"))

    def pids(self, kind: str) -> set[int]:
        """Give the processes that wrote lines of a kind."""
        return {line["pid"] for line in self.lines if line["kind"] == kind}

    def kill(self, process: "subprocess.Popen[bytes]") -> tuple[str, ...]:
        """Kill a process, and give the arguments that started it."""
        process.kill()
        process.wait()
        return self.processes.pop(process)

    def terminate(self) -> list[int]:
        """Ask those that serve to end, wait for all, and give their exit codes."""
        self.wait_until_ready()
        for process, (role, *_) in self.processes.items():
            if role == "serve":
                process.send_signal(signal.SIGTERM)
        codes = [process.wait(PATIENCE) for process in self.processes]
        self.processes.clear()
        return codes

    def working(self) -> list["subprocess.Popen[bytes]"]:
        """Give the processes that have begun to work and are not done yet."""
        for process in [process for process in self.processes if process.poll() is not None]:
            if process.returncode != 0:
                raise ChildProcessError(f"{self.processes[process]} ended with {process.returncode}\n{self.errors()}")
            del self.processes[process]
        at_work = self.pids("begin") | self.pids("accepted")
        return [process for process in self.processes if process.pid in at_work]

    def drain(self) -> None:
        """Process what is left, in this process, with a clock that goes ahead instead of waiting."""
        clock = Ahead()
        with Host(application, self.file, clock=clock) as host:
            while (at := host.step(Share(scheduler=False))) is not None:
                clock.time = max(clock.time, at)

    def logged(self, kind: str) -> list[Line]:
        """Give the lines of a kind from the log, in the order in which they were written."""
        lines = [json.loads(line) for line in self.log.read_bytes().splitlines()]
        return [line for line in lines if line["kind"] == kind]

    def errors(self) -> str:
        """Give what the processes wrote to standard error."""
        return (self._folder / "errors").read_text(errors="replace")[-8_000:]


class Ahead:
    """A clock that starts now and is set by hand."""

    def __init__(self) -> None:
        from purista_serverless.runtime.clock import SystemClock

        self.time = SystemClock().now()

    def now(self) -> int:
        """Give the milliseconds since the epoch."""
        return self.time


@contextmanager
def opened(folder: Path) -> Iterator[Yard]:
    """Open a yard, and leave no process behind."""
    bell = os.pipe()
    yard = Yard(folder, bell)
    try:
        yield yard
    finally:
        for process in tuple(yard.processes):
            yard.kill(process)
        for end in bell:
            os.close(end)
