"""The application of the queue suite: one queue whose jobs follow a script."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any

from purista_serverless.application import Application
from purista_serverless.builder.handles import Command, Queue
from purista_serverless.builder.options import Backoff, Lifecycle, ResultEvents
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import LeaseLost
from purista_serverless.runtime.context import Context
from purista_serverless.testing.contracts.script import Logbook, Report, Task, conclude

QUEUE = "contract.jobs"
EDGE = f"queue:{QUEUE}"

# Three attempts, 1 s and 2 s apart: without jitter, so that a test can name the instants.
PATIENT = Lifecycle(max_attempts=3, backoff=Backoff(jitter=0))

RESULTS = ResultEvents(
    Report,
    completed="contract.jobs.completed",
    failed="contract.jobs.failed",
    cancelled="contract.jobs.cancelled",
    dead_lettered="contract.jobs.deadLettered",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """An application with one queue; ``worker`` is its handler."""

    application: Application
    queue: Queue[Task, Report]
    worker: Callable[..., Any]

    def pace(self, given: Task) -> dict[Callable[..., Any], Callable[[int], timedelta]]:
        """Give the durations of a sync worker's runs, for the only task of a test; an async one sleeps by itself."""
        if iscoroutinefunction(self.worker):
            return {}
        return {self.worker: lambda attempt: timedelta(seconds=given.step(attempt).takes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """The same queue before its jobs had a type."""

    application: Application
    queue: Queue[dict[str, Any], None]


def jobs(
    *, is_async: bool = False, batch_size: int | None = None, concurrency: int | None = None, **options: Any
) -> Jobs:
    """Build the application; ``options`` are those of ``ServiceBuilder.queue``."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    has_attempts = options.keys() & {"profile", "max_attempts"}
    settings = {"result": RESULTS, **({} if has_attempts else {"lifecycle": PATIENT}), **options}
    queue: Queue[Task, Report] = service.queue(QUEUE, Task, "Scripted jobs", **settings)

    def work(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("work", ctx, task.name)
        return conclude(task, run)

    async def async_work(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("work", ctx, task.name)
        await asyncio.sleep(task.step(run).takes)
        return conclude(task, run)

    worker = queue.worker(batch_size=batch_size, concurrency=concurrency)(async_work if is_async else work)
    return Jobs(application=Application("contract", [service]), queue=queue, worker=worker)


def watchful_jobs(**options: Any) -> Jobs:
    """Build the application with a worker that looks after its lease, at its start and at its end."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    queue: Queue[Task, Report] = service.queue(QUEUE, Task, "Watchful jobs", result=RESULTS, **options)

    @queue.worker()
    async def work(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("work", ctx, task.name)
        logbook.note((task.name, run, "start", ctx.cancel_requested(), report_progress(ctx, "start")))
        await asyncio.sleep(task.step(run).takes)
        logbook.note((task.name, run, "end", ctx.cancel_requested(), report_progress(ctx, "end")))
        return conclude(task, run)

    return Jobs(application=Application("contract", [service]), queue=queue, worker=work)


def report_progress(ctx: Context, point: str) -> str:
    """Write progress, and say whether that was allowed."""
    try:
        ctx.progress({"at": point})
    except LeaseLost:
        return "LeaseLost"
    return "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """A strict queue, and a command that enqueues to it with the task's name as key."""

    application: Application
    queue: Queue[Task, Report]
    order: Command[Task, str]


def orders(**options: Any) -> Orders:
    """Build the application; ``options`` are those of ``ServiceBuilder.queue``."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    settings = {"idempotency": "strict", "result": RESULTS, "lifecycle": PATIENT, **options}
    queue: Queue[Task, Report] = service.queue(QUEUE, Task, "Scripted jobs", **settings)
    order = service.command("order", Task, str, "Enqueue a task once")

    @order.handler(can_enqueue=[queue])
    def place(ctx: Context, task: Task) -> str:
        return ctx.enqueue(queue, task, idempotency_key=task.name)

    @queue.worker()
    def work(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        return conclude(task, logbook.enter("work", ctx, task.name))

    return Orders(application=Application("contract", [service]), queue=queue, order=order)


def loose_jobs() -> Loose:
    """Build what was deployed before: the same queue, whose jobs were anything."""
    service = ServiceBuilder("Contract")
    queue: Queue[dict[str, Any], None] = service.queue(QUEUE, dict[str, Any], "Jobs of any shape", lifecycle=PATIENT)

    @queue.worker()
    def work(ctx: Context, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler takes two
        raise AssertionError(f"the old version must not run any more, but was given {payload}")

    return Loose(application=Application("contract", [service]), queue=queue)
