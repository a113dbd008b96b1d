"""The operations on an embedded application: its file is the truth."""

from typing import TYPE_CHECKING

from purista_serverless.adapters.embedded.dead_letters import (
    count_letters,
    list_letters,
    purge_letters,
    redrive_letter,
    show_letter,
)
from purista_serverless.adapters.embedded.jobs import cancel_job, list_jobs, list_leases, measure_queues, show_job
from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.operations import (
    SCHEDULE,
    JobStatus,
    JobSummary,
    LeaseSummary,
    QueueMetrics,
)

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.runtime.ports import DeadLetter


class HostOperations:
    """Look after an application by its host.

    Args:
        host: The application on its file.
        place: The file, for people.
    """

    __slots__ = ("_host", "place", "queues")

    def __init__(self, host: "Host", place: str) -> None:
        self._host = host
        self.place = place
        self.queues = tuple(queue.name for queue in host.application.model.queues)

    def edges(self) -> tuple[str, ...]:
        """Give the declared edges, and those of older versions that have letters."""
        host = self._host
        declared = (*host.assembly.consumers, *(f"{SCHEDULE}{name}" for name in host.gates))
        return tuple(dict.fromkeys([*declared, *count_letters(host)]))

    def letters(self, edge: str | None = None, *, limit: int | None = None) -> "tuple[DeadLetter, ...]":
        """Give dead letters, oldest first."""
        return list_letters(self._host, edge, limit=limit)

    def letter(self, edge: str, key: str) -> "DeadLetter":
        """Give one letter."""
        return show_letter(self._host, edge, key)

    def judge(self, letter: "DeadLetter") -> bool:
        """Check a letter as redriving does."""
        consumer = self._host.assembly.consumers.get(letter.edge)
        if consumer is not None:
            consumer.validate(letter.body)
        elif letter.edge.removeprefix(SCHEDULE) not in self._host.gates:
            raise DeclarationError(f"nothing of this application consumes {letter.edge}")
        return True

    def redrive(self, letter: "DeadLetter") -> bool:
        """Send a letter again and delete it, in one commit."""
        return redrive_letter(self._host, letter)

    def move(self, edge: str) -> int:
        """Refuse: there is no platform below the file that could move anything."""
        raise DeclarationError(f"the database moves no letters by itself; redrive those of {edge} without --bulk")

    def count_letters(self, edge: str | None = None) -> int:
        """Count letters."""
        counts = count_letters(self._host)
        return sum(counts.values()) if edge is None else counts.get(edge, 0)

    def purge(self, edge: str | None = None) -> int:
        """Delete letters."""
        return purge_letters(self._host, edge)

    def jobs(
        self, queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
    ) -> tuple[JobSummary, ...]:
        """Give jobs."""
        return list_jobs(self._host, queue, status=status, limit=limit)

    def job(self, queue: str, job_id: str) -> JobSummary:
        """Give one job."""
        return show_job(self._host, queue, job_id)

    def cancel(self, queue: str, job_id: str, reason: str) -> bool:
        """Cancel a job."""
        return cancel_job(self._host, queue, job_id, reason)

    def metrics(self) -> tuple[QueueMetrics, ...]:
        """Give how full the edges are."""
        return measure_queues(self._host)

    def leases(self) -> tuple[LeaseSummary, ...]:
        """Give what is leased."""
        return list_leases(self._host)
