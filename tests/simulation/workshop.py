"""An application whose handlers do as their payload says, for tests that look for anything that can go wrong."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Literal

from purista_serverless.application import Application
from purista_serverless.builder.options import Backoff, Lifecycle, LongRunning, ResultEvents
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import CancelJob, HandledError, RetryLater
from purista_serverless.runtime.context import Context
from purista_serverless.schedule import Interval
from purista_serverless.schema import Model, QueueResult

Ending = Literal["succeed", "reject", "retry", "fail", "cancel"]

HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=5)
LIFECYCLE = Lifecycle(
    visibility=LEASE,
    heartbeat=timedelta(minutes=1),
    max_extensions=60,
    max_attempts=4,
    backoff=Backoff(initial=timedelta(seconds=2), maximum=timedelta(minutes=2)),
)
TICKETS = count(1)


class Task(Model):
    """Work with one ending per attempt, the last one for all that follow, and the seconds that each attempt takes."""

    name: str
    endings: tuple[Ending, ...] = ("succeed",)
    seconds: int = 0


class Done(Model):
    """A result with a number that no other run of a handler has."""

    name: str
    ticket: int


def end(ctx: Context, task: Task) -> Done:
    """End as the task says for this attempt."""
    match task.endings[min(ctx.attempt, len(task.endings)) - 1]:
        case "succeed":
            return Done(name=task.name, ticket=next(TICKETS))
        case "reject":
            raise HandledError(422, "no")
        case "retry":
            raise RetryLater(timedelta(seconds=40), "later")
        case "fail":
            raise ValueError("broken")
        case "cancel":
            raise CancelJob("not wanted")


def results(queue: str) -> ResultEvents[Done]:
    """Give the events that tell how a queue's jobs end."""
    return ResultEvents(
        Done,
        completed=f"{queue}.completed",
        failed=f"{queue}.failed",
        cancelled=f"{queue}.cancelled",
        delivery="required",
    )


workshop = ServiceBuilder("Workshop", version="1", description="Works", owner="tests")

ordered = workshop.event("workshop.ordered", Task)
noted = workshop.event("workshop.noted", Task)
echoed = workshop.event("workshop.echoed", Task)
swept = workshop.event("workshop.swept", Task)
plain = workshop.queue("workshop.plain", Task, "Untracked work", lifecycle=LIFECYCLE)
strict = workshop.queue(
    "workshop.strict",
    Task,
    "Work with keys",
    lifecycle=LIFECYCLE,
    idempotency="strict",
    result=results("workshop.strict"),
)
slow = workshop.queue(
    "workshop.slow",
    Task,
    "Long work",
    profile=LongRunning(max_runtime=timedelta(minutes=20)),
    result=results("workshop.slow"),
)
nightly = workshop.queue("workshop.nightly", Task, "Work by the clock", lifecycle=LIFECYCLE)
brief = workshop.queue(
    "workshop.brief",
    Task,
    "Work of which only the end is kept",
    lifecycle=LIFECYCLE,
    tracking="terminal",
    result=ResultEvents(
        Done, completed="workshop.brief.completed", failed="workshop.brief.failed", cancelled="workshop.brief.cancelled"
    ),
)
sweeping = workshop.queue("workshop.sweeping", Task, "Work by the clock, the newest only", lifecycle=LIFECYCLE)
counted = workshop.command("count", Task, int)
workshop.bind_event_to_queue(swept, sweeping)
workshop.bind_event_to_queue(ordered, strict, idempotency_mode="strict", idempotency_key="payload.name")
rounds = workshop.schedule("rounds", "Every hour, one after the other, none left out").enqueue(
    nightly,
    expression=Interval(HOUR),
    concurrency_policy="forbid",
    missed_run_policy="catchUp",
    max_catch_up_count=10_000,
    payload=lambda slot: Task(name=f"{slot:%dT%H}", endings=("fail", "succeed"), seconds=300 * (slot.hour % 4)),
)
sweeps = workshop.schedule("sweeps", "Every two hours, the newest replaces the one before").emit_event(
    swept,
    expression=Interval(2 * HOUR),
    concurrency_policy="replace",
    missed_run_policy="runOnce",
    payload=lambda slot: Task(name=f"{slot:%dT%H}", seconds=3600 * (slot.hour % 5)),
)


@counted.handler()
def count_up(ctx: Context, task: Task) -> int:
    """Answer with a new number."""
    return next(TICKETS)


def pass_on(ctx: Context, task: Task) -> None:
    """Send by all three ways, then fail the first time, so that a second run repeats all of it."""
    ctx.emit(echoed, task)
    ctx.enqueue(brief, task)
    ctx.invoke(counted, task)
    if ctx.attempt == 1:
        raise ValueError("not the first time")


@workshop.subscribe(noted, "passOn", lifecycle=LIFECYCLE, can_emit=[echoed], can_enqueue=[brief], can_invoke=[counted])
def pass_on_first(ctx: Context, task: Task) -> None:
    """Be one of two that are given the same event and send the same things."""
    pass_on(ctx, task)


@workshop.subscribe(
    noted, "passOnToo", lifecycle=LIFECYCLE, can_emit=[echoed], can_enqueue=[brief], can_invoke=[counted]
)
def pass_on_too(ctx: Context, task: Task) -> None:
    """Be the other one."""
    pass_on(ctx, task)


@brief.worker()
async def work_briefly(ctx: Context, task: Task) -> Done:
    """Do work of which only the end is kept."""
    await asyncio.sleep(task.seconds)
    return end(ctx, task)


@sweeping.worker()
async def sweep(ctx: Context, task: Task) -> None:
    """Do work that the next slot may replace."""
    await asyncio.sleep(task.seconds)


@plain.worker()
def work_plainly(ctx: Context, task: Task) -> None:
    """Do untracked work."""
    end(ctx, task)


@strict.worker(batch_size=5)
def work_strictly(ctx: Context, task: Task) -> Done:
    """Do work with a key."""
    return end(ctx, task)


@slow.worker()
async def work_slowly(ctx: Context, task: Task) -> Done:
    """Do long work."""
    await asyncio.sleep(task.seconds)
    return end(ctx, task)


@nightly.worker()
async def work_nightly(ctx: Context, task: Task) -> None:
    """Do work by the clock."""
    await asyncio.sleep(task.seconds)
    end(ctx, task)


@workshop.subscribe(strict.completed, "recordStrict", lifecycle=LIFECYCLE)
def record(ctx: Context, result: QueueResult[Done]) -> None:
    """Fail once, so that the event comes again."""
    if ctx.attempt == 1:
        raise ValueError("not the first time")


application = Application("workshop", [workshop])
