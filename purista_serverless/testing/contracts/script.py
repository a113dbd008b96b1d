"""Payloads that say themselves how they are handled, and a logbook of what handlers saw.

A scripted handler behaves as its payload says, run by run, so that one small application serves a whole suite and a
test reads as a story: these steps were asked for, that is what happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NoReturn, assert_never, cast

from purista_serverless.errors import CancelJob, HandledError, RetryLater
from purista_serverless.message import Job, Message
from purista_serverless.runtime.context import Context
from purista_serverless.schema import Model

Ending = Literal["succeed", "reject", "retry", "fail", "cancel", "misreport"]

SECRET = "the account number is 4711"  # noqa: S105 - a text that must not leave the process


class Step(Model):
    """How one run ends: ``status`` belongs to a refusal, ``delay`` (seconds) to a retry.

    ``takes`` is how long the run lasts, in seconds of the system's time.
    """

    do: Ending = "succeed"
    status: int = 409
    delay: int | None = None
    takes: int = 0


class Task(Model):
    """Work with a script: one step per run, the last one repeats. ``group`` is for ordering keys."""

    name: str
    steps: tuple[Step, ...] = (Step(),)
    group: str = ""

    def step(self, run: int) -> Step:
        """Give the step of a run, counted from 1."""
        return self.steps[min(run, len(self.steps)) - 1]


class Report(Model):
    """What a scripted worker returns: the task's name and how many runs it took."""

    name: str
    runs: int


class ScriptedFailure(Exception):
    """An error that nobody expected; its text is a secret."""


def task(name: str = "task", *steps: Step, group: str = "") -> Task:
    """Make a task; without steps it succeeds."""
    return Task(name=name, steps=steps or (Step(),), group=group)


def perform(step: Step) -> None:
    """End as the step says.

    Raises:
        HandledError: For ``reject``.
        RetryLater: For ``retry``.
        CancelJob: For ``cancel``.
        ScriptedFailure: For ``fail``.
    """
    match step.do:
        case "succeed" | "misreport":
            return
        case "reject":
            raise HandledError(step.status, "refused by the script", {"name": "value"})
        case "retry":
            delay = None if step.delay is None else timedelta(seconds=step.delay)
            raise RetryLater(delay, "not yet")
        case "cancel":
            raise CancelJob("not wanted any more")
        case "fail":
            _fail()
        case _:
            assert_never(step.do)


def conclude(given: Task, run: int) -> Report:
    """End a worker's run as its step says: with a report, with something else, or with an error."""
    step = given.step(run)
    perform(step)
    return cast("Report", "no report") if step.do == "misreport" else Report(name=given.name, runs=run)


def _fail() -> NoReturn:
    raise ScriptedFailure(SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run, as its handler saw it at its start."""

    handler: str
    name: str
    run: int
    at: datetime
    attempt: int
    fence: int | None
    message: Message | Job
    tenant_id: str | None
    principal_id: str | None
    correlation_id: str
    trace_id: str

    @property
    def job(self) -> Job:
        """Give the job that a worker ran."""
        assert isinstance(self.message, Job), self.message
        return self.message


class Logbook:
    """What handlers did to the world outside; it survives every crash, because the world does."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[object] = []

    def enter(self, handler: str, ctx: Context, name: str) -> int:
        """Note a run that starts and give its number: how often this handler was started with this name."""
        run = len(self.of(name, handler=handler)) + 1
        self.entries.append(
            Entry(
                handler=handler,
                name=name,
                run=run,
                at=ctx.now,
                attempt=ctx.attempt,
                fence=ctx.fence,
                message=ctx.message,
                tenant_id=ctx.tenant_id,
                principal_id=ctx.principal_id,
                correlation_id=ctx.correlation_id,
                trace_id=ctx.trace_id,
            )
        )
        return run

    def note(self, value: object) -> None:
        """Keep something that a handler found out."""
        self.notes.append(value)

    def of(self, name: str | None = None, *, handler: str | None = None) -> tuple[Entry, ...]:
        """Give the runs of a task or of a handler, oldest first."""
        return tuple(
            entry
            for entry in self.entries
            if (name is None or entry.name == name) and (handler is None or entry.handler == handler)
        )

    def names(self, handler: str | None = None) -> list[str]:
        """Give the names of all runs, in the order in which they started."""
        return [entry.name for entry in self.of(handler=handler)]


def pauses(entries: Iterable[Entry]) -> list[timedelta]:
    """Give the time between the starts of consecutive runs."""
    instants = [entry.at for entry in entries]
    return [later - earlier for earlier, later in pairwise(instants)]
