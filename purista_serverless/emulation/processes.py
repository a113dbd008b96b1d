"""Processes that end with whoever started them: in the end, on an exception, and when it is killed."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

_GUARDIAN = Path(__file__).with_name("guardian.py")
# How long a process may take to end when it is asked to, in seconds.
_GRACE = 5.0


class _Guard:
    """The guardian of this process: it ends what this one leaves behind."""

    def __init__(self) -> None:
        self._lock = Lock()
        # Isolated and without site packages, as it needs none of them.
        self._process = subprocess.Popen(  # noqa: S603 - this package's own program
            [sys.executable, "-I", "-S", str(_GUARDIAN)], stdin=subprocess.PIPE, start_new_session=True, text=True
        )
        atexit.register(self._close)

    def tell(self, sign: str, group: int) -> None:
        """Name a group that is to be guarded, or no longer."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with self._lock:
            self._process.stdin.write(f"{sign}{group}\n")
            self._process.stdin.flush()

    def _close(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        self._process.wait()


@cache
def _guard_of(process_id: int) -> _Guard:  # noqa: ARG001 - a forked process needs one of its own
    return _Guard()


class ProcessGroup:
    """A process and all that it starts, ended together.

    Args:
        command: The program and its arguments.
        folder: Where it runs; here when omitted.
        environment: Its whole environment; this process' own when omitted.
        output: Takes what it prints; a pipe when omitted, ``output``, which whoever reads it closes.

    Raises:
        OSError: The program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | None = None,
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the caller's own program
            command,
            cwd=folder,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _guard_of(os.getpid()).tell("+", self.id)

    @property
    def id(self) -> int:
        """Give the id of the process, which is that of its group too."""
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        """Give what it prints, if that goes to a pipe."""
        assert self._process.stdout is not None  # noqa: S101 - nobody asks otherwise
        return self._process.stdout

    @property
    def has_ended(self) -> bool:
        """Say whether the process has ended."""
        return self._process.poll() is not None

    def wait(self) -> int:
        """Wait for its end, and give its exit status; negative for a signal."""
        return self._process.wait()

    def kill(self) -> None:
        """End all of it with SIGKILL, and return at once."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask all of it to end, see to it, and wait until it has ended."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        # Also what the process itself has left behind.
        self.kill()
        self._process.wait()
        _guard_of(os.getpid()).tell("-", self.id)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.id, number)
