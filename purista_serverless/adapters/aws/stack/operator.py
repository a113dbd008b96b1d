"""The operations on a deployed stack: its queues, dead letters and records."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CALL_EDGE, EDGE_ATTRIBUTE, GATE_EDGE, LEDGER, QUEUE_EDGE
from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.ports.failures import code_of
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body, send
from purista_serverless.adapters.aws.stack.letters import Letters, SqsLetter, count
from purista_serverless.adapters.aws.stack.outputs import Stack, ask, find_stack
from purista_serverless.errors import DeclarationError, Unavailable
from purista_serverless.message import Job, Message
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.operations import (
    SCHEDULE,
    JobStatus,
    JobSummary,
    LeaseSummary,
    QueueMetrics,
    summary_of_letter,
    summary_of_record,
)
from purista_serverless.runtime.records import JobRecord, cancel, job_key

if TYPE_CHECKING:
    from purista_serverless.application import Application
    from purista_serverless.runtime.operations import Operations
    from purista_serverless.runtime.ports import Clock, DeadLetter

_SEND = Use("sqs:SendMessage", "use credentials that may")

# How many letters are looked through for one of them.
_MOST_LETTERS = 10_000

_PURGING = ("AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress")


@contextmanager
def open_stack(
    application: "Application",
    name: str,
    *,
    clients: "Callable[[str], Any] | None" = None,
    clock: "Clock | None" = None,
) -> "Iterator[Operations]":
    """Open the operations on a stack; letters that were looked at are given back in the end.

    Args:
        application: What is deployed there.
        name: Name of the stack.
        clients: Gives a client of botocore for the name of a service; those of the process' credentials when omitted.
        clock: The time.

    Raises:
        ProviderRefused: There is no such stack, or its outputs may not be read.
    """
    finder = AwsPorts({}, clock=clock, clients=clients)
    stack = find_stack(name, finder.deployment.client("cloudformation"))
    operations = StackOperations(application, stack, clients=clients, clock=clock)
    try:
        yield operations
    finally:
        operations.close()


class StackOperations:
    """Look after what is deployed.

    Args:
        application: What is deployed there, as it is declared today.
        stack: Where it is.
        clients: Gives a client of botocore for the name of a service.
        clock: The time.
        patience: How long to wait for a letter, in seconds.

    Attributes:
        place: The stack, for people.
        queues: Names of the declared queues.
    """

    __slots__ = ("_assembly", "_letters", "_ports", "_stack", "place", "queues")

    def __init__(
        self,
        application: "Application",
        stack: Stack,
        *,
        clients: "Callable[[str], Any] | None" = None,
        clock: "Clock | None" = None,
        patience: int = 1,
    ) -> None:
        self._stack = stack
        self._assembly = assemble(application.model)
        self._ports = AwsPorts(stack.environment(), clock=clock, clients=clients)
        self._letters = Letters(stack.dead_letters, self._assembly, self._ports, patience=patience)
        self.place = f"stack {stack.name}"
        self.queues = tuple(self._assembly.queues)

    def close(self) -> None:
        """Give back the letters that were looked at."""
        self._letters.release()

    def edges(self) -> tuple[str, ...]:
        """Give the edges that have a dead-letter queue in the stack."""
        return tuple(sorted(self._stack.dead_letters))

    def letters(self, edge: str | None = None, *, limit: int | None = None) -> tuple[SqsLetter, ...]:
        """Give dead letters, oldest first; they are hidden from others until this is closed."""
        most = _MOST_LETTERS if limit is None else limit
        found = [letter for name in self._named(edge) for letter in self._letters.of(name, limit=most)]
        return tuple(sorted(found, key=lambda letter: letter.at)[:most])

    def letter(self, edge: str, key: str) -> SqsLetter:
        """Give one letter.

        Raises:
            KeyError: There is none.
        """
        return self._letters.find(edge, key, limit=_MOST_LETTERS)

    def judge(self, letter: "DeadLetter") -> bool:
        """Check a letter as redriving does."""
        if not letter.edge.startswith(SCHEDULE):
            self._body(letter)
        elif letter.edge.removeprefix(SCHEDULE) not in self._gates():
            raise self._foreign(letter)
        return True

    def redrive(self, letter: "DeadLetter") -> bool:
        """Send a letter again, then delete it; whoever fails in between sends it twice, under the same id."""
        if letter.edge.startswith(SCHEDULE):
            self._trigger(letter)
        else:
            self._send(letter.edge, letter.id, letter.generation + 1, self._body(letter))
        self._letters.delete(_received(letter))
        return True

    def move(self, edge: str) -> int:
        """Have SQS move the letters of an edge to its queue."""
        source, target = self._stack.dead_letters.get(edge), self._stack.queues.get(edge)
        if source is None or target is None:
            raise DeclarationError(f"{self.place} has no queue {edge} with dead letters; redrive without --bulk")
        spec = self._assembly.queues.get(edge.removeprefix(QUEUE_EDGE))
        if edge.startswith(QUEUE_EDGE) and (spec is None or self._is_tracked(edge)):
            problem = f"{edge} is tracked, and its records know letters of a newer generation only"
            raise DeclarationError(f"{problem}; redrive without --bulk")
        size = self._count(source)
        start = self._sqs.start_message_move_task
        arns = {"SourceArn": self._arn(source), "DestinationArn": self._arn(target)}
        ask("sqs:StartMessageMoveTask", start, source, **arns)
        return size

    def count_letters(self, edge: str | None = None) -> int:
        """Say how many letters there are, as SQS estimates it."""
        return sum(self._count(self._stack.dead_letters[name]) for name in self._named(edge))

    def purge(self, edge: str | None = None) -> int:
        """Delete letters; bodies that were kept elsewhere expire by themselves.

        Raises:
            Unavailable: A queue was purged less than a minute ago.
        """
        total = self.count_letters(edge)
        self._letters.release()
        for name in self._named(edge):
            url = self._stack.dead_letters[name]
            answer = ask("sqs:PurgeQueue", self._sqs.purge_queue, url, expected=_PURGING, QueueUrl=url)
            if code_of(answer or {}):
                raise Unavailable(f"the dead letters of {name} were purged less than a minute ago; try again then")
        return total

    def jobs(
        self, queue: str | None = None, *, status: JobStatus | None = None, limit: int = 100
    ) -> tuple[JobSummary, ...]:
        """Give the jobs that have records, and those among the dead letters; SQS does not tell what waits."""
        seen: dict[tuple[str, str], JobSummary] = {}
        for summary in self._jobs(queue, status):
            if status in {None, summary.status}:
                seen.setdefault((summary.queue, summary.id), summary)
        ordered = sorted(seen.values(), key=lambda job: job.status in {"success", "dead-lettered", "cancelled"})
        return tuple(ordered[:limit])

    def job(self, queue: str, job_id: str) -> JobSummary:
        """Give one job, from its record or its dead letter."""
        record = self._record(queue, job_id)
        if record is not None:
            return summary_of_record(record)
        edge = f"{QUEUE_EDGE}{queue}"
        if edge not in self._stack.dead_letters:
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

    def metrics(self) -> tuple[QueueMetrics, ...]:
        """Give how full the queues are, as SQS estimates it; it does not tell the age of the oldest message."""
        return tuple(self._metrics(edge) for edge in sorted({*self._stack.queues, *self._stack.dead_letters}))

    def leases(self) -> tuple[LeaseSummary, ...]:
        """Give the leases of tracked jobs."""
        running = (record for record in self._records(None) if record.status == "running")
        found = (
            LeaseSummary(
                edge=f"{QUEUE_EDGE}{record.queue}",
                id=record.job_id,
                owner=record.owner or "",
                lease_until=record.lease_until or 0,
                fence=record.fence,
                receives=record.attempt,
            )
            for record in running
        )
        return tuple(sorted(found, key=lambda lease: lease.lease_until))

    @property
    def _sqs(self) -> Any:
        return self._ports.deployment.client("sqs")

    def _named(self, edge: str | None) -> tuple[str, ...]:
        return self.edges() if edge is None else (edge,)

    def _foreign(self, letter: "DeadLetter") -> DeclarationError:
        name = self._assembly.application.name
        return DeclarationError(f"{name} does not consume {letter.edge}; redrive with an application that does")

    def _body(self, letter: "DeadLetter") -> bytes:
        """Give the body of the next generation."""
        consumer = self._assembly.consumers.get(letter.edge)
        if consumer is None:
            raise self._foreign(letter)
        consumer.validate(letter.body)
        return consumer.redrive(letter.body, letter.generation + 1, self._ports)

    def _send(self, edge: str, letter_id: str, generation: int, body: bytes) -> None:
        if edge.startswith(QUEUE_EDGE):
            self._ports.queues.send(Job.decode(body), delay=0)
        elif edge.startswith(CALL_EDGE):
            self._ports.schedules.call(edge.removeprefix(CALL_EDGE), Message.decode(body))
        else:
            fitted = self._ports.claims.fitted(edge, letter_id, generation, legal_body(body), BODY_BUDGET)
            self._put(edge, fitted, f"{letter_id}:{generation}")

    def _put(self, edge: str, body: bytes, key: str) -> None:
        url, attributes = self._stack.queues[edge], {EDGE_ATTRIBUTE: edge}
        send(self._ports.deployment, _SEND, url, body, attributes=attributes, group=key, deduplication=key)

    def _trigger(self, letter: "DeadLetter") -> None:
        """Trigger the slot of a run again; one that never reached its gate goes there, where policies are kept."""
        name = letter.edge.removeprefix(SCHEDULE)
        gate = self._gates().get(name)
        if gate is None:
            raise self._foreign(letter)
        if _received(letter).is_slot and f"{GATE_EDGE}{name}" in self._stack.queues:
            self._put(f"{GATE_EDGE}{name}", legal_body(_received(letter).raw.encode()), letter.key)
        else:
            gate.trigger_again(int(letter.id.rpartition("@")[2]))

    def _gates(self) -> Any:
        return self._assembly.gates(self._ports)

    def _is_tracked(self, edge: str) -> bool:
        name = edge.removeprefix(QUEUE_EDGE)
        return any(found.name == name and found.tracking != "none" for found in self._assembly.application.queues)

    def _records(self, queue: str | None) -> Iterator[JobRecord]:
        if LEDGER not in self._stack.names:
            return
        for name in self.queues if queue is None else (queue,):
            if self._is_tracked(f"{QUEUE_EDGE}{name}"):
                for _, stored in self._ports.ledger.scan(f"{QUEUE_EDGE}{name}/"):
                    yield JobRecord.from_fields(stored.fields)

    def _record(self, queue: str, job_id: str) -> JobRecord | None:
        if LEDGER not in self._stack.names:
            return None
        stored = self._ports.ledger.read(job_key(queue, job_id))
        return JobRecord.from_fields(stored.fields) if stored is not None else None

    def _jobs(self, queue: str | None, status: JobStatus | None) -> Iterator[JobSummary]:
        letters: Iterator[SqsLetter] = iter(())
        if status in {None, "dead-lettered"}:
            edges = [edge for edge in self.edges() if edge.startswith(QUEUE_EDGE)]
            chosen = edges if queue is None else [edge for edge in edges if edge == f"{QUEUE_EDGE}{queue}"]
            letters = (letter for edge in chosen for letter in self.letters(edge))
        return chain(map(summary_of_record, self._records(queue)), map(summary_of_letter, letters))

    def _metrics(self, edge: str) -> QueueMetrics:
        url, buried = self._stack.queues.get(edge), self._stack.dead_letters.get(edge)
        ready, delayed, leased = count(self._attributes(url)) if url is not None else (0, 0, 0)
        return QueueMetrics(
            edge=edge,
            ready=ready,
            delayed=delayed,
            blocked=0,
            leased=leased,
            dead_letters=self._count(buried) if buried is not None else 0,
            oldest=None,
        )

    def _count(self, url: str) -> int:
        return sum(count(self._attributes(url)))

    def _arn(self, url: str) -> str:
        return str(self._attributes(url)["QueueArn"])

    def _attributes(self, url: str) -> dict[str, str]:
        get = self._sqs.get_queue_attributes
        answer = ask("sqs:GetQueueAttributes", get, url, QueueUrl=url, AttributeNames=["All"])
        found: dict[str, str] = answer["Attributes"]
        return found


def _received(letter: "DeadLetter") -> SqsLetter:
    if not isinstance(letter, SqsLetter):
        raise TypeError(f"{letter!r} was not received from this stack")
    return letter
