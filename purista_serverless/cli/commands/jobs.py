"""``jobs``: what waits, what runs and what came of it."""

from typing import TYPE_CHECKING, Any

import click

from purista_serverless.cli.command import Command, Group
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.operations import with_operations
from purista_serverless.cli.output import fields, finish, instant, moment, show, table
from purista_serverless.cli.values import Text, known

if TYPE_CHECKING:
    from purista_serverless.runtime.operations import JobStatus, JobSummary, Operations

STATUSES = ("queued", "delayed", "running", "success", "dead-lettered", "cancelled")

_JOB = """{
  "queue": "orders.shipping", "id": "5f1c...",
  "status": "queued | delayed | running | success | dead-lettered | cancelled", "tracked": false,
  "attempt": 0, "generation": 0, "priority": 0, "due": "2026-01-05T05:00:00.000Z", "leaseUntil": null,
  "updatedAt": null, "reason": null, "progress": null, "result": null, "history": []
}"""

_SHAPE_OF_CANCEL = """
{"queue": "orders.shipping", "id": "5f1c...", "cancelled": true}
"""

_SHAPE_OF_METRICS = """
[
  {"edge": "queue:orders.shipping", "ready": 0, "delayed": 0, "blocked": 0, "leased": 0, "deadLetters": 0,
   "oldest": null}
]
"""

_SHAPE_OF_LEASES = """
[
  {"edge": "queue:orders.shipping", "id": "5f1c...", "owner": "...", "leaseUntil": "2026-01-05T05:15:00.000Z",
   "fence": "308869141897711888", "receives": 1}
]
"""

_queue = click.option("--queue", metavar="NAME", help="Its queue; all are searched when omitted.")


@click.group(cls=Group)
def jobs() -> None:
    """See what waits, what runs and what came of it; cancel jobs."""


@jobs.command("list", cls=Command, example="jobs list --status running", shape=f"[\n{_JOB}\n]")
@click.option("--queue", metavar="NAME", help="Only jobs of this queue.")
@click.option("--status", type=click.Choice(STATUSES), help="Only jobs that stand like this.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@with_operations
def list_all(*, operations: "Operations", queue: str | None, status: "JobStatus | None", limit: int) -> None:
    """List jobs: those that wait or run first, then those that ended.

    Queues that are declared with tracking keep what became of a job. Of the others, jobs that succeeded are gone, and
    those of a stack are known as dead letters only.
    """
    _check_queue(operations, queue)
    found = operations.jobs(queue, status=status, limit=limit)
    rows = [(job.queue, job.id, job.status, job.attempt, moment(job.due), job.reason) for job in found]
    headings = ("queue", "id", "status", "attempt", "due (UTC)", "reason")
    show([_shape(job) for job in found], table(headings, rows, empty="no jobs"))


@jobs.command("show", cls=Command, example="jobs show 5f1c2d --queue orders.shipping", shape=_JOB)
@click.argument("job_id", metavar="ID")
@_queue
@with_operations
def show_one(*, operations: "Operations", job_id: str, queue: str | None) -> None:
    """Show one job with its attempts, progress and result."""
    job = _find(operations, job_id, queue)
    show(_shape(job), _text(job))


@jobs.command("cancel", cls=Command, example="jobs cancel 5f1c2d --reason 'ordered twice'", shape=_SHAPE_OF_CANCEL)
@click.argument("job_id", metavar="ID")
@_queue
@click.option(
    "--reason",
    type=Text(),
    metavar="TEXT",
    default="cancelled by an operator",
    show_default=True,
    help="Kept with it.",
)
@with_operations
def cancel(*, operations: "Operations", job_id: str, queue: str | None, reason: str) -> None:
    """Cancel a job: one that waits does not run, one that runs is asked to stop.

    A job that runs can only be cancelled if its queue is tracked, on a stack one that waits as well. Exits with 1 if
    the job could not be cancelled.
    """
    job = _find(operations, job_id, queue)
    done = operations.cancel(job.queue, job.id, reason)
    text = f"cancelled {job.id} of {job.queue}" if done else f"{job.id} of {job.queue} was not cancelled: {job.status}"
    show({"queue": job.queue, "id": job.id, "cancelled": done}, text)
    finish(findings=not done)


@jobs.command("metrics", cls=Command, example="jobs metrics", shape=_SHAPE_OF_METRICS)
@with_operations
def metrics(*, operations: "Operations") -> None:
    """Tell how full each queue, subscription and binding is."""
    found = operations.metrics()
    rows = [
        (row.edge, row.ready, row.delayed, row.blocked, row.leased, row.dead_letters, moment(row.oldest))
        for row in found
    ]
    shapes = [
        {
            "edge": row.edge,
            "ready": row.ready,
            "delayed": row.delayed,
            "blocked": row.blocked,
            "leased": row.leased,
            "deadLetters": row.dead_letters,
            "oldest": instant(row.oldest),
        }
        for row in found
    ]
    headings = ("edge", "ready", "delayed", "blocked", "leased", "dead letters", "oldest ready (UTC)")
    show(shapes, table(headings, rows, empty="nothing is asynchronous"))


@jobs.command("leases", cls=Command, example="jobs leases", shape=_SHAPE_OF_LEASES)
@with_operations
def leases(*, operations: "Operations") -> None:
    """Tell which messages are being handled, by which process and until when; of a stack, those of tracked jobs."""
    found = operations.leases()
    rows = [(row.edge, row.id, row.owner, moment(row.lease_until), row.fence, row.receives) for row in found]
    shapes = [
        {
            "edge": row.edge,
            "id": row.id,
            "owner": row.owner,
            "leaseUntil": instant(row.lease_until),
            # As text, since it is larger than what JavaScript and jq take for a whole number.
            "fence": str(row.fence),
            "receives": row.receives,
        }
        for row in found
    ]
    headings = ("edge", "id", "owner", "lease ends (UTC)", "fence", "receives")
    show(shapes, table(headings, rows, empty="nothing is being handled"))


def _check_queue(operations: "Operations", queue: str | None) -> None:
    if queue is not None:
        known("queue", queue, {name: name for name in operations.queues})


def _find(operations: "Operations", job_id: str, queue: str | None) -> "JobSummary":
    _check_queue(operations, queue)
    for name in [queue] if queue is not None else operations.queues:
        try:
            return operations.job(name, job_id)
        except KeyError:
            continue
    fix = "`jobs list` shows what is known; a job of an untracked queue that succeeded is not kept"
    raise Failure(f"there is no job {job_id!r}", where=operations.place, fix=fix, code=ExitCode.FINDINGS)


def _shape(job: "JobSummary") -> dict[str, Any]:
    return {
        "queue": job.queue,
        "id": job.id,
        "status": job.status,
        "tracked": job.is_tracked,
        "attempt": job.attempt,
        "generation": job.generation,
        "priority": job.priority,
        "due": instant(job.due),
        "leaseUntil": instant(job.lease_until),
        "updatedAt": instant(job.updated_at),
        "reason": job.reason,
        "progress": job.progress,
        "result": job.result,
        "history": [{**entry, "at": instant(entry["at"])} for entry in job.history],
    }


def _text(job: "JobSummary") -> str:
    from purista_serverless.message.wire import format_json

    pairs = [
        ("queue", job.queue),
        ("id", job.id),
        ("status", job.status if job.is_tracked else f"{job.status} (the queue keeps no records)"),
        ("attempt", job.attempt),
        ("generation", job.generation or None),
        ("priority", job.priority or None),
        ("due", moment(job.due)),
        ("lease ends", moment(job.lease_until)),
        ("updated", moment(job.updated_at)),
        ("reason", job.reason),
        ("progress", None if job.progress is None else format_json(job.progress).decode()),
        ("result", None if job.result is None else format_json(job.result).decode()),
    ]
    history = [f"  attempt {entry['attempt']} at {moment(entry['at'])}: {entry['reason']}" for entry in job.history]
    return "\n".join([fields(pairs), *(["history", *history] if history else [])])
