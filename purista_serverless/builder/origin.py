"""Where in the user's source a declaration stands."""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - pathlib is not on the cold path


class Origin:
    """A line of the user's source, as the interpreter names it."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def __str__(self) -> str:
        """Give ``billing/contracts.py:41``, relative to the working directory when it is below."""
        return f"{shown_path(self.file)}:{self.line}"


def caller() -> Origin:
    """Find the nearest frame outside this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way without loading `inspect`
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Origin("<unknown>", 0) if frame is None else Origin(frame.f_code.co_filename, frame.f_lineno)


def origin_of(function: "Callable[..., Any]") -> Origin:
    """Find where a function is defined; the caller's line if it is not written in Python."""
    code = getattr(function, "__code__", None)
    return caller() if code is None else Origin(code.co_filename, code.co_firstlineno)


def shown_path(file: str) -> str:
    """Give a path relative to the working directory if it is below, with forward slashes."""
    here = os.getcwd() + os.sep  # noqa: PTH109 - see above
    return (file.removeprefix(here)).replace(os.sep, "/")
