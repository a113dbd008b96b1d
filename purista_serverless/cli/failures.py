"""Failures as people and programs read them: one block of where, what and fix, and an exit code."""

import json
import traceback
from enum import IntEnum
from typing import Any

import click

from purista_serverless.errors import (
    BadEvent,
    BoundExceeded,
    CheckFailed,
    DeclarationError,
    HandledError,
    InvalidPayload,
    InvocationFailed,
    MissingExtra,
    MissingTool,
    ProviderRefused,
    PuristaServerlessError,
    RetryLater,
    StaleFiles,
    TooLarge,
    Unavailable,
    UnknownAdapter,
)

DEBUG = "purista_serverless.debug"
JSON = "purista_serverless.json"


class ExitCode(IntEnum):
    """What the command line exits with; part of its contract, shown below ``--help``."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    UNAVAILABLE = 3
    APPLICATION = 4
    DIFFERENT = 5
    DANGEROUS = 6
    UNEXPECTED = 70
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """Say when it is given."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FINDINGS: "done, with findings: a check failed, a command refused, a job is not there, a letter stayed",
    ExitCode.USAGE: "the command line is wrong: an option, a name or a payload",
    ExitCode.UNAVAILABLE: "the database, a file, a port or a provider cannot be used",
    ExitCode.APPLICATION: "the application cannot be loaded, or its declarations are wrong",
    ExitCode.DIFFERENT: "done: what was compared differs, and nothing is known to be dangerous about it",
    ExitCode.DANGEROUS: "done: what was compared differs, and some of it needs somebody's consent",
    ExitCode.UNEXPECTED: "an error that nobody expected; --debug shows where",
    ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
}

_CODES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ExitCode], ...] = (
    ((HandledError, InvocationFailed, CheckFailed, StaleFiles, RetryLater, BadEvent), ExitCode.FINDINGS),
    ((InvalidPayload, BoundExceeded, TooLarge, UnknownAdapter), ExitCode.USAGE),
    ((DeclarationError, MissingExtra, MissingTool), ExitCode.APPLICATION),
    # Ours for stores and ports are OSErrors as well.
    ((Unavailable, ProviderRefused, OSError), ExitCode.UNAVAILABLE),
    (PuristaServerlessError, ExitCode.FINDINGS),
)


class Failure(Exception):
    """An end that is told in one block instead of a traceback.

    Args:
        what: What is wrong, in one sentence; lines after the first are details.
        where: File, name or place that it is about.
        fix: What to do about it.
        code: The exit code.
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None, code: ExitCode) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix
        self.code = code

    def block(self) -> str:
        """Give the text for people.

        Example:
            >>> print(Failure("there is no queue 'x'", fix="did you mean 'y'?", code=ExitCode.USAGE).block())
            error: there is no queue 'x'
              fix: did you mean 'y'?
        """
        first, *details = self.what.splitlines() or [""]
        lines = [f"error: {first}", *(f"  {line}" for line in details)]
        lines += [f"  {name}: {text}" for name, text in (("where", self.where), ("fix", self.fix)) if text]
        return "\n".join(lines)

    def shape(self) -> dict[str, Any]:
        """Give the object for programs; absent parts are left out."""
        parts = {"message": self.what, "where": self.where, "fix": self.fix, "exitCode": int(self.code)}
        return {"error": {name: part for name, part in parts.items() if part is not None}}

    def show(self, context: click.Context, error: Exception) -> None:
        """Print to the error stream: JSON if the command was asked for JSON, the traceback too under ``--debug``."""
        if context.meta.get(DEBUG):
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        click.echo(json.dumps(self.shape()) if context.meta.get(JSON) else self.block(), err=True)


def failure_of(error: Exception) -> Failure:
    """Give the failure that tells of an exception."""
    if isinstance(error, Failure):
        return error
    code = next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)
    match error:
        case InvalidPayload(subject=subject, problems=problems):
            details = [f"{problem['path'] or 'value'}: {problem['message']}" for problem in problems]
            return Failure("\n".join([f"{subject} is not valid", *details]), fix="correct what is named", code=code)
        case HandledError(status=status, message=message):
            return Failure(f"refused: {status} {message}", code=code)
        case PuristaServerlessError():
            return Failure(str(error), code=code)
        case OSError(filename=str(filename), strerror=str(reason)):
            return Failure(reason, where=filename, code=code)
        case OSError():
            return Failure(str(error), code=code)
        case _:
            what = f"{type(error).__name__}: {error}"
            return Failure(what, where=place_of(error), fix="run it again with --debug for the traceback", code=code)


def place_of(error: BaseException) -> str | None:
    """Give file and line where an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
