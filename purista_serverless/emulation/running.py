"""What emulators share: they run inside a block, and need packages that functions do not."""

import sys
from abc import ABC, abstractmethod
from contextlib import ExitStack
from importlib.util import find_spec
from types import TracebackType
from typing import Self

from purista_serverless.errors import MissingExtra


class Running(ABC):
    """Runs inside a block, and leaves nothing behind, also if it does not come to run at all."""

    def __init__(self) -> None:
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as running:
            self._start(running)
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()

    @abstractmethod
    def _start(self, running: ExitStack) -> None:
        """Start everything; what is to be done in the end is entered into the stack."""


def print_line(name: str, line: str) -> None:
    """Write a line of a function to standard error."""
    print(f"[{name}] {line}", file=sys.stderr)  # noqa: T201 - a server's log


def require(extra: str, *modules: str) -> None:
    """See to it that packages of an extra are installed.

    Raises:
        MissingExtra: One is not; says how to install it.

    Example:
        >>> require("aws-emulator", "json")
    """
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtra(module, extra)
