"""An application that writes down everything it does, for tests that kill the processes it runs in.

Every line goes to the log that ``PLANT_LOG`` names, in one append, and then to the pipe ``PLANT_BELL`` if there is one:
the log survives its writers, and the pipe wakes whoever waits for something to happen.
"""

import asyncio
import hashlib
import json
import os
from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

from purista_serverless.application import Application
from purista_serverless.builder.options import Backoff, Lifecycle, ResultEvents
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import CancelJob, HandledError
from purista_serverless.runtime.context import Context
from purista_serverless.schedule import Interval
from purista_serverless.schema import Model, QueueResult

Ending = Literal["succeed", "reject", "cancel", "fail once"]

# Short leases, so that what a killed process held comes again soon; many attempts, because a kill counts as one.
LIFECYCLE = Lifecycle(
    visibility=timedelta(seconds=2),
    heartbeat=timedelta(milliseconds=500),
    max_extensions=1_000,
    max_attempts=100,
    backoff=Backoff(initial=timedelta(milliseconds=20), maximum=timedelta(milliseconds=100)),
)


class Task(Model):
    """Work of some milliseconds, and how it ends."""

    name: str
    milliseconds: int
    ending: Ending = "succeed"


class Done(Model):
    """A result with a ticket that no other run of a handler has."""

    name: str
    ticket: str


def record(kind: str, **fields: Any) -> None:
    """Write a line to the log, and ring the bell."""
    line = json.dumps({"kind": kind, "pid": os.getpid(), **fields}).encode() + b"\n"
    log = os.open(os.environ["PLANT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(log, line)
    finally:
        os.close(log)
    if "PLANT_BELL" in os.environ:
        os.write(int(os.environ["PLANT_BELL"]), line)


def begin(ctx: Context, queue: str, task: Task) -> None:
    """Write down that a run begins."""
    record("begin", queue=queue, job=ctx.job_id, name=task.name, ending=task.ending, attempt=ctx.attempt)


def end(ctx: Context, queue: str, task: Task) -> Done:
    """Write down that a run ends, and end it as the task says."""
    ticket = uuid4().hex
    record("end", queue=queue, job=ctx.job_id, name=task.name, ticket=ticket)
    match task.ending:
        case "reject":
            raise HandledError(422, "not this")
        case "cancel":
            raise CancelJob("not wanted")
        case "fail once" if ctx.attempt == 1:
            raise ValueError("broken, the first time")
    return Done(name=task.name, ticket=ticket)


def work(milliseconds: int) -> None:
    """Keep the processor busy for about so long."""
    for _ in range(milliseconds):
        hashlib.pbkdf2_hmac("sha256", b"plant", b"salt", 1_000)


def results(queue: str) -> ResultEvents[Done]:
    """Give the events that tell how a queue's jobs end."""
    return ResultEvents(
        Done,
        completed=f"{queue}.completed",
        failed=f"{queue}.failed",
        cancelled=f"{queue}.cancelled",
        delivery="required",
    )


plant = ServiceBuilder("Plant", version="1", description="Works", owner="tests")

ordered = plant.event("plant.ordered", Task)
plain = plant.queue("plant.plain", Task, "Untracked work", lifecycle=LIFECYCLE)
keyed = plant.queue(
    "plant.keyed", Task, "Work with keys", lifecycle=LIFECYCLE, idempotency="strict", result=results("plant.keyed")
)
waiting = plant.queue("plant.waiting", Task, "Work that awaits", lifecycle=LIFECYCLE, result=results("plant.waiting"))
rounds = plant.queue("plant.rounds", Task, "Work by the clock", lifecycle=LIFECYCLE)
plant.bind_event_to_queue(
    ordered, keyed, idempotency_mode="strict", idempotency_key="payload.name", lifecycle=LIFECYCLE
)
plant.schedule("everySecond", "One after the other").enqueue(
    rounds,
    expression=Interval(timedelta(seconds=1)),
    concurrency_policy="forbid",
    payload=lambda slot: Task(name=f"{slot:%H:%M:%S}", milliseconds=20),
)


@plain.worker()
def work_plainly(ctx: Context, task: Task) -> None:
    """Do untracked work."""
    begin(ctx, plain.name, task)
    work(task.milliseconds)
    end(ctx, plain.name, task)


@keyed.worker()
def work_with_key(ctx: Context, task: Task) -> Done:
    """Do work with a key."""
    begin(ctx, keyed.name, task)
    work(task.milliseconds)
    return end(ctx, keyed.name, task)


@waiting.worker()
async def work_and_wait(ctx: Context, task: Task) -> Done:
    """Do work that awaits something."""
    begin(ctx, waiting.name, task)
    await asyncio.sleep(task.milliseconds / 1000)
    return end(ctx, waiting.name, task)


@rounds.worker()
async def make_round(ctx: Context, task: Task) -> None:
    """Do work by the clock."""
    begin(ctx, rounds.name, task)
    await asyncio.sleep(task.milliseconds / 1000)
    end(ctx, rounds.name, task)


@plant.subscribe(None, "hear", sender_service="Plant", lifecycle=LIFECYCLE)
def hear(ctx: Context, result: QueueResult[Done]) -> None:
    """Write down what an event tells of a job."""
    ticket = result.payload.ticket if isinstance(result.payload, Done) else None
    record("told", queue=result.queue_name, job=result.job_id, status=result.status, event=ctx.job_id, ticket=ticket)


application = Application("plant", [plant])
