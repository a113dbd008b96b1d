"""Looking after what is deployed: what tools do on every cloud alike, over its letters, its records and its ways out.

Only tools import this.
"""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from purista_serverless.errors import DeclarationError
from purista_serverless.message import Job, Message
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.operations import (
    QUEUE,
    SCHEDULE,
    JobStatus,
    JobSummary,
    LeaseSummary,
    summary_of_letter,
    summary_of_record,
)
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.runtime.records import JobRecord, cancel, job_key

if TYPE_CHECKING:
    from purista_serverless.application import Application
    from purista_serverless.runtime.ports import Ports

LetterT = TypeVar("LetterT", bound=DeadLetter)
LetterT_co = TypeVar("LetterT_co", bound=DeadLetter, covariant=True)

CALL = "call:"

# How many letters are looked through for one of them.
MOST_LETTERS = 10_000

_ENDED = frozenset({"success", "dead-lettered", "cancelled"})


class Letters(Protocol[LetterT]):
    """The dead letters of what is deployed; those that were looked at are held until ``release``."""

    def edges(self) -> tuple[str, ...]:
        """Give the edges that have a place for letters, sorted."""
        ...

    def of(self, edge: str, *, limit: int) -> tuple[LetterT, ...]:
        """Give the letters of an edge, oldest first."""
        ...

    def delete(self, letter: LetterT) -> None:
        """Delete a letter with its copies."""
        ...

    def release(self) -> None:
        """Give back what is held, so that others see it at once."""
        ...


class DeployedOperations(Generic[LetterT]):
    """Look after what is deployed; a cloud adds how messages are sent and counted there.

    Args:
        application: What is deployed, as it is declared today.
        place: Where, for people.
        ports: The ways out to all of it.
        letters: Its dead letters.
        has_records: Whether records are kept there.

    Attributes:
        place: Where it is, for people.
        queues: Names of the declared queues.
    """

    def __init__(
        self,
        application: "Application",
        place: str,
        ports: "Ports",
        letters: Letters[LetterT],
        *,
        has_records: bool,
    ) -> None:
        self._assembly = assemble(application.model)
        self._ports = ports
        self._letters = letters
        self._has_records = has_records
        self.place = place
        self.queues = tuple(self._assembly.queues)

    def close(self) -> None:
        """Give back the letters that were looked at."""
        self._letters.release()

    def edges(self) -> tuple[str, ...]:
        """Give the edges that have a place for dead letters."""
        return self._letters.edges()

    def letters(self, edge: str | None = None, *, limit: int | None = None) -> tuple[LetterT, ...]:
        """Give dead letters, oldest first; they are hidden from others until this is closed."""
        most = MOST_LETTERS if limit is None else limit
        found = [letter for name in self._named(edge) for letter in self._letters.of(name, limit=most)]
        return tuple(sorted(found, key=lambda letter: letter.at)[:most])

    def letter(self, edge: str, key: str) -> LetterT:
        """Give one letter by its key, or by its id alone: then the newest generation.

        Raises:
            KeyError: There is none.
        """
        found = [letter for letter in self._letters.of(edge, limit=MOST_LETTERS) if key in {letter.key, letter.id}]
        if not found:
            raise KeyError(key)
        return max(found, key=lambda letter: letter.generation)

    def judge(self, letter: DeadLetter) -> bool:
        """Check a letter as redriving does."""
        if not letter.edge.startswith(SCHEDULE):
            self._body(letter)
        elif letter.edge.removeprefix(SCHEDULE) not in self._gates():
            raise self._foreign(letter)
        return True

    def redrive(self, letter: DeadLetter) -> bool:
        """Send a letter again, then delete it; whoever fails in between sends it twice, under the same id."""
        received: Any = letter
        if letter.edge.startswith(SCHEDULE):
            self._trigger(received)
        else:
            self._send_again(letter.edge, letter.id, letter.generation + 1, self._body(letter))
        self._letters.delete(received)
        return True

    def jobs(
        self, queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
    ) -> tuple[JobSummary, ...]:
        """Give the jobs that have records, and those among the dead letters; no cloud tells what waits."""
        seen: dict[tuple[str, str], JobSummary] = {}
        for summary in self._jobs(queue, status):
            if status in {None, summary.status}:
                seen.setdefault((summary.queue, summary.id), summary)
        ordered = sorted(seen.values(), key=lambda job: job.status in _ENDED)
        return tuple(ordered[:limit])

    def job(self, queue: str, job_id: str) -> JobSummary:
        """Give one job, from its record or its dead letter."""
        record = self._record(queue, job_id)
        if record is not None:
            return summary_of_record(record)
        edge = f"{QUEUE}{queue}"
        if edge not in self.edges():
            raise KeyError(job_id)
        return summary_of_letter(self.letter(edge, job_id))

    def cancel(self, queue: str, job_id: str, reason: str) -> bool:
        """Cancel a job that has a record: no delivery runs it any more, and one that runs loses its fence."""
        spec, now = self._assembly.queues.get(queue), self._ports.clock.now()
        if spec is None or self._record(queue, job_id) is None:
            return False
        ledger = JobLedger(self._ports.ledger, queue, spec.retention)
        cancelled = ledger.change(
            job_id, now, lambda record: cancel(record, queue=queue, job_id=job_id, reason=reason, now=now)
        )
        return cancelled is not None

    def leases(self) -> tuple[LeaseSummary, ...]:
        """Give the leases of tracked jobs."""
        running = (record for record in self._records(None) if record.status == "running")
        found = (
            LeaseSummary(
                edge=f"{QUEUE}{record.queue}",
                id=record.job_id,
                owner=record.owner or "",
                lease_until=record.lease_until or 0,
                fence=record.fence,
                receives=record.attempt,
            )
            for record in running
        )
        return tuple(sorted(found, key=lambda lease: lease.lease_until))

    def _put_again(self, edge: str, letter_id: str, generation: int, body: bytes) -> None:
        """Send a message straight to an edge that is one of events."""
        raise NotImplementedError

    def _knocks_again(self, letter: LetterT) -> bool:
        """Send a slot that never reached its gate there again, where policies are kept; ``False`` for other letters."""
        raise NotImplementedError

    def _send_again(self, edge: str, letter_id: str, generation: int, body: bytes) -> None:
        if edge.startswith(QUEUE):
            self._ports.queues.send(Job.decode(body), delay=0)
        elif edge.startswith(CALL):
            self._ports.schedules.call(edge.removeprefix(CALL), Message.decode(body))
        else:
            self._put_again(edge, letter_id, generation, body)

    def _trigger(self, letter: LetterT) -> None:
        """Trigger the slot of a run again."""
        gate = self._gates().get(letter.edge.removeprefix(SCHEDULE))
        if gate is None:
            raise self._foreign(letter)
        if not self._knocks_again(letter):
            gate.trigger_again(int(letter.id.rpartition("@")[2]))

    def _body(self, letter: DeadLetter) -> bytes:
        """Give the body of the next generation."""
        consumer = self._assembly.consumers.get(letter.edge)
        if consumer is None:
            raise self._foreign(letter)
        consumer.validate(letter.body)
        return consumer.redrive(letter.body, letter.generation + 1, self._ports)

    def _foreign(self, letter: DeadLetter) -> DeclarationError:
        name = self._assembly.application.name
        return DeclarationError(f"{name} does not consume {letter.edge}; redrive with an application that does")

    def _named(self, edge: str | None) -> tuple[str, ...]:
        return self.edges() if edge is None else (edge,)

    def _gates(self) -> Any:
        return self._assembly.gates(self._ports)

    def _is_tracked(self, edge: str) -> bool:
        name = edge.removeprefix(QUEUE)
        return any(found.name == name and found.tracking != "none" for found in self._assembly.application.queues)

    def _records(self, queue: str | None) -> Iterator[JobRecord]:
        if not self._has_records:
            return
        for name in self.queues if queue is None else (queue,):
            if self._is_tracked(f"{QUEUE}{name}"):
                for _, stored in self._ports.ledger.scan(f"{QUEUE}{name}/"):
                    yield JobRecord.from_fields(stored.fields)

    def _record(self, queue: str, job_id: str) -> JobRecord | None:
        if not self._has_records:
            return None
        stored = self._ports.ledger.read(job_key(queue, job_id))
        return JobRecord.from_fields(stored.fields) if stored is not None else None

    def _jobs(self, queue: str | None, status: JobStatus | None) -> Iterator[JobSummary]:
        letters: Iterator[LetterT] = iter(())
        if status in {None, "dead-lettered"}:
            edges = [edge for edge in self.edges() if edge.startswith(QUEUE)]
            chosen = edges if queue is None else [edge for edge in edges if edge == f"{QUEUE}{queue}"]
            letters = (letter for edge in chosen for letter in self.letters(edge))
        return chain(map(summary_of_record, self._records(queue)), map(summary_of_letter, letters))
