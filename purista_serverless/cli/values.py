"""What is typed on the command line: payloads, durations, instants, and names that the application knows."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.message.wire import spelled_out
from purista_serverless.naming import did_you_mean

T = TypeVar("T")

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class Duration(click.ParamType[timedelta]):
    """A duration such as ``90s``, ``5m`` or ``1h30m``.

    Example:
        >>> Duration().convert("1h30m", None, None)
        datetime.timedelta(seconds=5400)
    """

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        if isinstance(value, timedelta):
            return value
        parts = _PART.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            self.fail(f"{value!r} is no duration; write 90s, 5m, 1h30m or 2d", param, ctx)
        try:
            return sum((float(number) * _UNITS[unit] for number, unit in parts), timedelta())
        except OverflowError:
            self.fail(f"{value!r} is longer than any calendar", param, ctx)


class Instant(click.ParamType[datetime]):
    """An instant in ISO 8601 with its offset, such as ``2026-01-01T02:00:00+01:00``."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO 8601 time, as in 2026-01-01T02:00:00Z", param, ctx)
        if found.tzinfo is None:
            self.fail(f"{value!r} has no offset; write {value}Z for UTC", param, ctx)
        if not MINYEAR < found.year < MAXYEAR:
            # In another zone it might be a year that there is no date for.
            self.fail(f"{value!r} is at an end of the calendar", param, ctx)
        return found


class Text(click.ParamType[str]):
    """A text that goes into messages, which are UTF-8."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it as it is."""
        text = str(value)
        if spelled_out(text) != text:
            self.fail(f"{spelled_out(text)!r} is not UTF-8", param, ctx)
        return text


class Json(click.ParamType[bytes]):
    """JSON as an argument, ``@FILE`` for the content of a file, ``-`` for standard input; as bytes, not yet checked."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Read it."""
        if isinstance(value, bytes):
            return value
        if value == "-":
            return sys.stdin.buffer.read()
        if not value.startswith("@"):
            return os.fsencode(value)
        try:
            return Path(value[1:]).read_bytes()
        except OSError as error:
            self.fail(f"{value[1:]}: {error.strerror}", param, ctx)


def known(kind: str, name: str, things: Mapping[str, T]) -> T:
    """Give the thing of that name.

    Raises:
        Failure: There is none; says which one was probably meant.

    Example:
        >>> known("queue", "mail", {"mail": 1})
        1
    """
    if name in things:
        return things[name]
    fix = did_you_mean(name, things) or (f"known: {', '.join(sorted(things))}" if things else f"it declares no {kind}")
    raise Failure(f"the application has no {kind} {name!r}", fix=fix, code=ExitCode.USAGE)


def decoded(declared: Any, raw: bytes, subject: str) -> Any:
    """Load a payload by its declared type.

    Raises:
        InvalidPayload: It is not of that type; names the fields.
    """
    from purista_serverless.schema import codec_of

    return codec_of(declared).load_json(raw, subject)
