"""Jobs, queues and leases of an embedded application, for tools."""

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import spelled_out
from purista_serverless.runtime.dead_letters import generation_of
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.operations import (
    QUEUE,
    STATUSES,
    JobStatus,
    JobSummary,
    LeaseSummary,
    QueueMetrics,
    summary_of_letter,
    summary_of_record,
)
from purista_serverless.runtime.records import JobRecord, cancel, job_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from purista_serverless.adapters.embedded.host import Host

_LEASED = 1

_QUEUED = """
SELECT edge, id, state, receives, due, lease_until, priority, body FROM message
WHERE edge >= ?1 AND edge < ?2 AND (?3 IS NULL OR id = ?3) ORDER BY seq
"""
_METRICS = """
SELECT edge, count(*) FILTER (WHERE state = 0 AND due <= ?1), count(*) FILTER (WHERE state = 0 AND due > ?1),
    count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 1),
    min(due) FILTER (WHERE state = 0 AND due <= ?1)
FROM message GROUP BY edge
"""
_LEASES = """
SELECT edge, id, owner, lease_until, fence, receives FROM message
WHERE state = 1 AND (?1 IS NULL OR edge = ?1) ORDER BY lease_until
"""


def list_jobs(
    host: "Host", queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
) -> tuple[JobSummary, ...]:
    """Give the jobs of a queue, or of all queues: those on their queue first, oldest first, then those that ended.

    Args:
        host: The application.
        queue: Name of the queue; all when omitted.
        status: Only jobs in this status.
        limit: How many jobs at most.
    """
    wanted = (summary for summary in _jobs(host, queue) if status in {None, summary.status})
    return tuple(islice(wanted, limit))


def show_job(host: "Host", queue: str, job_id: str) -> JobSummary:
    """Give one job.

    Raises:
        KeyError: The file knows no such job.
    """
    waiting = next(_waiting(host, queue, job_id), None)
    if waiting is not None:
        return waiting
    record = _record(host, queue, job_id)
    if record is not None:
        return summary_of_record(record)
    letter = host.dead_letters.show(f"{QUEUE}{queue}", job_id)
    return summary_of_letter(letter)


def cancel_job(host: "Host", queue: str, job_id: str, reason: str = "cancelled by an operator") -> bool:
    """Cancel a job; ``False`` if it has ended or is not known.

    A tracked job that runs loses its fence and is asked to stop; one that waits settles as cancelled when it comes. An
    untracked one is removed if it waits, and cannot be cancelled while it runs.
    """
    spec, now = host.assembly.queues.get(queue), host.clock.now()
    if spec is None or not _is_tracked(host, queue):
        return host.store.remove(f"{QUEUE}{queue}", job_id) > 0
    waiting = tuple(_waiting(host, queue, job_id))
    if not waiting and _record(host, queue, job_id) is None:
        return False
    # A redriven job that waits is another generation than its record tells of.
    generation = max((job.generation for job in waiting), default=0)
    ledger = JobLedger(host.ports.ledger, queue, spec.retention)
    cancelled = ledger.change(
        job_id,
        now,
        lambda record: cancel(record, queue=queue, job_id=job_id, reason=reason, now=now, generation=generation),
    )
    return cancelled is not None


def measure_queues(host: "Host") -> tuple[QueueMetrics, ...]:
    """Give the metrics of every asynchronous edge of this application, and of any other that has messages, by name."""
    counted = {row[0]: row[1:] for row in host.store.read(_METRICS, (host.clock.now(),))}
    letters = host.dead_letters.counts()
    edges = sorted({*host.assembly.consumers, *counted, *letters})
    return tuple(_metrics(edge, counted.get(edge, (0, 0, 0, 0, None)), letters.get(edge, 0)) for edge in edges)


def list_leases(host: "Host", edge: str | None = None) -> tuple[LeaseSummary, ...]:
    """Give the messages that are leased now, those whose lease ends first in front."""
    return tuple(
        LeaseSummary(edge=edge, id=id, owner=owner, lease_until=until, fence=fence, receives=receives)
        for edge, id, owner, until, fence, receives in host.store.read(_LEASES, (edge,))
    )


def _metrics(edge: str, counts: tuple[Any, ...], letters: int) -> QueueMetrics:
    ready, delayed, blocked, leased, oldest = counts
    return QueueMetrics(
        edge=edge, ready=ready, delayed=delayed, blocked=blocked, leased=leased, dead_letters=letters, oldest=oldest
    )


def _jobs(host: "Host", queue: str | None) -> "Iterator[JobSummary]":
    """Give each job once: on its queue, by its record, or as a dead letter."""
    seen: set[tuple[str, str]] = set()
    prefix = f"{QUEUE}{queue or ''}"
    scanned = host.ports.ledger.scan(prefix if queue is None else f"{prefix}/")
    records = (JobRecord.from_fields(stored.fields) for _, stored in scanned)
    letters = (letter for letter in host.dead_letters.letters() if letter.edge == prefix or queue is None)
    sources = (
        _waiting(host, queue),
        (summary_of_record(record) for record in records),
        (summary_of_letter(letter) for letter in letters if letter.edge.startswith(QUEUE)),
    )
    for summary in chain.from_iterable(sources):
        if (summary.queue, summary.id) not in seen:
            seen.add((summary.queue, summary.id))
            yield summary


def _waiting(host: "Host", queue: str | None, job_id: str | None = None) -> "Iterator[JobSummary]":
    first, last = (QUEUE, "queue;") if queue is None else (f"{QUEUE}{queue}", f"{QUEUE}{queue}\x00")
    rows = host.store.read(_QUEUED, (first, last, job_id and spelled_out(job_id)))
    return (_queued(host, row) for row in rows)


def _queued(host: "Host", row: tuple[Any, ...]) -> JobSummary:
    edge, job_id, state, receives, due, lease_until, priority, body = row
    queue = edge.removeprefix(QUEUE)
    record, generation = _record(host, queue, job_id), generation_of(edge, body)
    status: JobStatus = "running" if state == _LEASED else "delayed" if due > host.clock.now() else "queued"
    if record is not None and record.is_terminal and record.generation >= generation:
        # It was cancelled, or a copy of it was faster: when its turn comes it settles unrun.
        status = STATUSES[record.status]
    return JobSummary(
        queue=queue,
        id=job_id,
        status=status,
        is_tracked=record is not None,
        attempt=record.attempt if record is not None else receives,
        generation=generation,
        due=due,
        lease_until=lease_until,
        priority=priority,
        updated_at=record.updated_at if record is not None else None,
        reason=record.reason if record is not None else None,
        progress=record.progress if record is not None else None,
        history=record.history if record is not None else (),
    )


def _record(host: "Host", queue: str, job_id: str) -> JobRecord | None:
    stored = host.ports.ledger.read(job_key(queue, job_id))
    return JobRecord.from_fields(stored.fields) if stored is not None else None


def _is_tracked(host: "Host", queue: str) -> bool:
    return any(found.name == queue and found.tracking == "full" for found in host.application.model.queues)
