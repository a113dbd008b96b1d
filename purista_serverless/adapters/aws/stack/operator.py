"""The operations on a deployed stack: its queues, dead letters and records."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import EDGE_ATTRIBUTE, GATE_EDGE, LEDGER, QUEUE_EDGE
from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.ports.failures import code_of
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body, send
from purista_serverless.adapters.aws.stack.letters import Letters, SqsLetter, count
from purista_serverless.adapters.aws.stack.outputs import Stack, ask, find_stack
from purista_serverless.errors import DeclarationError, Unavailable
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.deployed_operations import DeployedOperations
from purista_serverless.runtime.operations import SCHEDULE, QueueMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from purista_serverless.application import Application
    from purista_serverless.runtime.operations import Operations
    from purista_serverless.runtime.ports import Clock

_SEND = Use("sqs:SendMessage", "use credentials that may")

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


class StackOperations(DeployedOperations[SqsLetter]):
    """Look after what is deployed.

    Args:
        application: What is deployed there, as it is declared today.
        stack: Where it is.
        clients: Gives a client of botocore for the name of a service.
        clock: The time.
        patience: How long to wait for a letter, in seconds.
    """

    def __init__(
        self,
        application: "Application",
        stack: Stack,
        *,
        clients: "Callable[[str], Any] | None" = None,
        clock: "Clock | None" = None,
        patience: int = 1,
    ) -> None:
        ports = AwsPorts(stack.environment(), clock=clock, clients=clients)
        letters = Letters(stack.dead_letters, assemble(application.model), ports, patience=patience)
        super().__init__(application, f"stack {stack.name}", ports, letters, has_records=LEDGER in stack.names)
        self._stack = stack
        self._clouds = ports

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

    def metrics(self) -> tuple[QueueMetrics, ...]:
        """Give how full the queues are, as SQS estimates it; it does not tell the age of the oldest message."""
        return tuple(self._metrics(edge) for edge in sorted({*self._stack.queues, *self._stack.dead_letters}))

    @property
    def _sqs(self) -> Any:
        return self._clouds.deployment.client("sqs")

    def _put_again(self, edge: str, letter_id: str, generation: int, body: bytes) -> None:
        fitted = self._clouds.claims.fitted(edge, letter_id, generation, legal_body(body), BODY_BUDGET)
        self._put(edge, fitted, f"{letter_id}:{generation}")

    def _put(self, edge: str, body: bytes, key: str) -> None:
        url, attributes = self._stack.queues[edge], {EDGE_ATTRIBUTE: edge}
        send(self._clouds.deployment, _SEND, url, body, attributes=attributes, group=key, deduplication=key)

    def _knocks_again(self, letter: SqsLetter) -> bool:
        gate = f"{GATE_EDGE}{letter.edge.removeprefix(SCHEDULE)}"
        if not letter.is_slot or gate not in self._stack.queues:
            return False
        self._put(gate, legal_body(letter.raw.encode()), letter.key)
        return True

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
