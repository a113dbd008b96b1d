"""``--reload``: one process that watches the sources, and another that serves and is replaced when they change."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from purista_serverless.cli.serving import stop_on_signals

# Seconds between two looks at the sources: soon enough for a person, and next to nothing for the machine.
_INTERVAL = 0.5

_IGNORED = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages"})


def keep_running(root: Path, arguments: Sequence[str]) -> None:
    """Run the command line in a process of its own, again whenever a Python file below a folder changes.

    Args:
        root: The folder.
        arguments: The command line without ``--reload``.
    """
    with stop_on_signals(lambda: None) as stop:
        while not stop.is_set():
            before = snapshot(root)
            process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "purista_serverless", *arguments],
                # A terminal sends Ctrl+C to its whole group, and a second signal would cut the first one's grace short.
                start_new_session=True,
            )
            changed = _wait_for_change(root, before, stop)
            _end(process)
            if changed:
                click.echo(f"{changed} has changed, starting again", err=True)


def _wait_for_change(root: Path, before: Mapping[str, int], stop: threading.Event) -> str | None:
    """Wait for a change also when the process has ended by itself: it ended because of an error in the sources."""
    while not stop.wait(_INTERVAL):
        if changed := difference(before, snapshot(root)):
            return changed
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait()


def snapshot(root: Path) -> dict[str, int]:
    """Give when each Python file below a folder was changed, by its path from there; hidden folders do not count."""
    return {path.relative_to(root).as_posix(): path.stat().st_mtime_ns for path in _sources(root)}


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> str | None:
    """Name a file that is new, changed or gone.

    Example:
        >>> difference({"a.py": 1, "b.py": 1}, {"a.py": 1, "b.py": 2})
        'b.py'
        >>> difference({"a.py": 1}, {"a.py": 1}) is None
        True
    """
    return min((path for path, _ in before.items() ^ after.items()), default=None)


def _sources(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _IGNORED and not _is_hidden(folder, name)]
        yield from (path for name in names if name.endswith(".py") and (path := Path(folder, name)).exists())


def _is_hidden(folder: str, name: str) -> bool:
    """Say whether a folder holds no sources of the project: a hidden one, or an environment of any name."""
    return name.startswith(".") or Path(folder, name, "pyvenv.cfg").exists()
