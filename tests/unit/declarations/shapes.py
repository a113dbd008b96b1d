"""The types and the small handlers that malformed applications share."""

from collections.abc import Callable
from typing import Any

from purista_serverless import Model


class CycleDue(Model):
    """An event's payload."""

    cycle_id: str


class ClosingJob(Model):
    """A job's payload."""

    cycle_id: str


class AccountJob(Model):
    """A job's payload that a cycle's event cannot fill."""

    account_id: str


class AccountPath(Model):
    """A command's parameter."""

    account_id: str


class Report(Model):
    """A result."""

    closed: int


class Mailer:
    """A resource."""


def idle() -> Callable[[Any, ClosingJob], None]:
    """Give a worker of its own to each queue that asks: one function handles one thing."""

    def work(ctx: Any, job: ClosingJob) -> None:
        """Do nothing with a job."""

    return work


def answering() -> Callable[[Any, None], Report]:
    """Give a command's handler of its own to each command that asks."""

    def answer(ctx: Any, payload: None) -> Report:
        """Answer without being told anything."""
        return Report(closed=0)

    return answer
