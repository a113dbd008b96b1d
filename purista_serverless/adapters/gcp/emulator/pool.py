"""A worker pool: a process of the application's own that pulls, started again whenever it ends."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from purista_serverless.adapters.gcp.emulator.instance import kept_variables
from purista_serverless.emulation.platform import Log
from purista_serverless.emulation.processes import ProcessGroup

# How long to wait before a process that has ended is started again, in seconds.
_PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSetup:
    """How a worker pool is run.

    Attributes:
        name: Its name.
        root: Folder of its sources, where it runs.
        arguments: Those of the command line.
        variables: Its environment, besides what the platform adds.
        python: The interpreter.
    """

    name: str
    root: str
    arguments: Sequence[str]
    variables: Mapping[str, str]
    python: str = sys.executable


class Pool:
    """Runs one process until it is closed.

    Args:
        setup: The worker pool.
        log: Takes what it prints.
    """

    def __init__(self, setup: PoolSetup, log: Log) -> None:
        self.setup = setup
        self._log = log
        self._stopping = Event()
        self._process: ProcessGroup | None = None
        self._thread = Thread(target=self._run, name=setup.name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def kill(self) -> tuple[int, ...]:
        """End the process with SIGKILL; gives its id. Another one follows."""
        process = self._process
        if process is None:
            return ()
        process.kill()
        return (process.id,)

    def close(self) -> None:
        """End the process for good."""
        self._stopping.set()
        self.kill()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            process = self._process = ProcessGroup(
                [self.setup.python, "-m", "purista_serverless", *self.setup.arguments],
                folder=Path(self.setup.root),
                environment=self._environment(),
            )
            if self._stopping.is_set():
                # Whoever closed it may have looked before there was a process.
                process.kill()
            with process.output as output:
                for line in output:
                    self._log(self.setup.name, line.decode(errors="replace").rstrip("\n"))
            process.stop()
            self._stopping.wait(_PAUSE)

    def _environment(self) -> dict[str, str]:
        platform = {"CLOUD_RUN_WORKER_POOL": self.setup.name, "PYTHONUNBUFFERED": "1"}
        return {**kept_variables(), **self.setup.variables, **platform}
