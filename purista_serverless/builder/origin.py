"""Where in the user's source a declaration stands."""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - pathlib is not on the cold path


class Origin:
    """A line of the user's source, as the interpreter names it; ``module`` is its module, if known."""

    __slots__ = ("file", "line", "module")

    def __init__(self, file: str, line: int, module: str = "") -> None:
        self.file = file
        self.line = line
        self.module = module

    def __str__(self) -> str:
        """Give ``billing/contracts.py:41``, relative to the working directory when it is below."""
        return f"{shown_path(self.file)}:{self.line}"


def caller() -> Origin:
    """Find the nearest frame outside this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way without loading `inspect`
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return Origin("<unknown>", 0)
    return Origin(frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""))


def origin_of(function: "Callable[..., Any]") -> Origin:
    """Find where a function is defined; the caller's line if it is not written in Python."""
    code = getattr(function, "__code__", None)
    return caller() if code is None else Origin(code.co_filename, code.co_firstlineno)


def shown_path(file: str) -> str:
    """Give a path relative to the working directory if it is below, with forward slashes."""
    here = os.getcwd() + os.sep  # noqa: PTH109 - see above
    return (file.removeprefix(here)).replace(os.sep, "/")
