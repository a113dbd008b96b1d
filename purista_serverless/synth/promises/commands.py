"""Promises of commands: who may ask, and how long an answer may take."""

from datetime import timedelta
from typing import TYPE_CHECKING

from purista_serverless.model import Command
from purista_serverless.synth.figures import duration_text, limit_text
from purista_serverless.synth.promises.promise import Case, Promise
from purista_serverless.synth.verdicts import Emulated, Native, Refused, Verdict

if TYPE_CHECKING:
    from purista_serverless.adapter import EdgeKind


def judge_http(command: Command, case: Case) -> Verdict | None:
    """Judge whether the command can answer requests."""
    if command.http is None:
        return None
    if "http" in case.provider.triggers:
        return Native()
    return Refused(
        why=f"{case.adapter.name} takes no requests",
        fix="call the command from a web application through the typed client, or drop http",
    )


def judge_authentication(command: Command, case: Case) -> Verdict | None:
    """Judge whether a private command's callers can be authenticated."""
    if command.http is None or command.http.public:
        return None
    if case.application.authenticate is not None:
        return Emulated(how="the application's authenticate")
    if case.provider.http_authorizer:
        return Native(how="the platform's authorizer")
    return Refused(
        why=f"{command.http.method} {command.http.path} is private, and nobody could authenticate its callers",
        fix="give Application(..., authenticate=...), or declare public=True",
    )


def judge_timeout(command: Command, case: Case) -> Verdict | None:
    """Judge whether an answer may take as long as the command's timeout."""
    kinds: tuple[EdgeKind, ...] = ("command",) if command.http is None else ("command", "http")
    rows = [row for kind in kinds if (row := case.provider.limit("runtime", kind)) is not None]
    row = min(rows, key=lambda row: row.value, default=None)
    if row is None or command.timeout <= timedelta(seconds=row.value):
        return Native()
    return Refused(
        why=f"a timeout of {duration_text(command.timeout)} is declared, and the provider's limit is {limit_text(row)}",
        fix="shorten the timeout, or enqueue the work and answer with mode='async'",
    )


COMMAND_PROMISES: tuple[Promise[Command], ...] = (
    Promise(name="http", code="PS231", meaning="the command answers requests", rule=judge_http),
    Promise(
        name="authentication",
        code="PS232",
        meaning="a private command answers callers with an identity only",
        rule=judge_authentication,
    ),
    Promise(name="timeout", code="PS233", meaning="an answer may take as long as `timeout`", rule=judge_timeout),
)
