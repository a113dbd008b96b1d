"""The ports of a simulated application: what leaves a handler goes through a broker to whoever consumes it."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable
from purista_serverless.message import Job, Message
from purista_serverless.runtime.invoke import aexecute, execute
from purista_serverless.testing.doubles import MemoryDeadLetters
from purista_serverless.testing.faults import Crash, Instance
from purista_serverless.testing.host import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.runtime.function import Function
    from purista_serverless.runtime.ports import DeadLetter, Ports
    from purista_serverless.testing.brokers import Broker
    from purista_serverless.testing.faults import Faults
    from purista_serverless.testing.journal import Journal
    from purista_serverless.testing.loop import VirtualLoop


class Exchange:
    """Carries events, jobs and calls to the broker: ``EventPort`` and ``QueuePort`` in one.

    Args:
        broker: The broker.
        journal: Writes down what is sent.
        edges_of: Gives the edges whose filters match an event.
        knows: Says whether somebody consumes an edge; what nobody consumes belongs to another system.
    """

    def __init__(
        self,
        broker: "Broker",
        journal: "Journal",
        edges_of: "Callable[[Message], tuple[str, ...]]",
        knows: "Callable[[str], bool]",
    ) -> None:
        self._broker = broker
        self._journal = journal
        self._edges_of = edges_of
        self._knows = knows

    def publish(self, message: Message) -> None:
        """Hand an event to every edge that it matches."""
        self._journal.events.append(message)
        body = message.encode()
        for edge in self._edges_of(message):
            self._broker.send(edge, body, id=message.id)

    def send(self, job: Job, *, delay: int) -> None:
        """Put a job onto its queue."""
        self._journal.enqueued(job)
        self._post(job, job.encode(), delay)

    def deliver(self, edge: str, body: bytes, id: str) -> None:
        """Put a body onto an edge: a call, or what was a dead letter."""
        if edge.startswith("queue:"):
            job = Job.decode(body)
            self._journal.enqueued(job)
            self._post(job, body, 0)
        else:
            self._broker.send(edge, body, id=id)

    def _post(self, job: Job, body: bytes, delay: int) -> None:
        edge = f"queue:{job.queue}"
        if self._knows(edge):
            self._broker.send(edge, body, id=job.id, delay=delay, group=job.ordering_key, priority=job.priority)


class Calls:
    """A ``CommandPort``: runs commands of the application, each in a process of its own, and answers for the others.

    Args:
        find: Gives the function of a command, ``None`` if the application has none.
        answers: Responders of other systems' commands, by address.
        faults: What goes wrong.
        loop: Runs async commands that are invoked from sync code.
    """

    def __init__(
        self,
        find: "Callable[[tuple[str, str, str]], Function | None]",
        answers: "Mapping[tuple[str, str, str], Callable[[Message], Message]]",
        faults: "Faults",
        loop: "VirtualLoop",
    ) -> None:
        self._find = find
        self._answers = answers
        self._faults = faults
        self._loop = loop
        self.ports: Ports | None = None

    def invoke(self, message: Message) -> Message:
        """Run a command to its response.

        Raises:
            Unavailable: Nobody answers it, or its process died.
        """
        function = self._function(message)
        if function is None:
            return self._answer(message)
        try:
            with self._loop.lent():
                return execute(function, message, self._inside())
        except Crash as crash:
            raise Unavailable(f"{function.name} died: {crash}") from None

    async def ainvoke(self, message: Message) -> Message:
        """Do the same for an async handler."""
        function = self._function(message)
        if function is None:
            return self._answer(message)
        try:
            return await aexecute(function, message, self._inside())
        except Crash as crash:
            raise Unavailable(f"{function.name} died: {crash}") from None

    def _inside(self) -> "Ports":
        if self.ports is None:
            raise RuntimeError("commands are invoked before their ports are set")
        return guard(self.ports, Instance(self._faults))

    def _function(self, message: Message) -> "Function | None":
        address = address_of_message(message)
        return None if address in self._answers else self._find(address)

    def _answer(self, message: Message) -> Message:
        address = address_of_message(message)
        if address not in self._answers:
            raise Unavailable(f"nothing answers {' '.join(address)}; give the simulation an answer: commands={{...}}")
        return self._answers[address](message)


def address_of_message(message: Message) -> tuple[str, str, str]:
    """Give service, version and name of the command that a message asks for."""
    receiver = message.receiver
    return ("", "", "") if receiver is None else (receiver.service, receiver.version, receiver.target)


class Timekeeper:
    """A ``SchedulePort``: calls go through the broker, knocks to the scheduler.

    Args:
        exchange: Carries the calls.
        knock: Has the scheduler knock at a gate soon.
    """

    def __init__(self, exchange: Exchange, knock: "Callable[[str], None]") -> None:
        self._exchange = exchange
        self._knock = knock

    def call(self, schedule: str, message: Message) -> None:
        """Deliver a command on the schedule's own edge."""
        self._exchange.deliver(f"call:{schedule}", message.encode(), message.id)

    def knock(self, schedule: str) -> None:
        """Have the schedule's gate look at its slots again."""
        self._knock(schedule)


class Graveyard(MemoryDeadLetters):
    """A ``DeadLetterPort`` that writes its letters down."""

    def __init__(self, journal: "Journal") -> None:
        super().__init__()
        self._journal = journal

    def put(self, letter: "DeadLetter") -> None:
        """Keep a letter."""
        self._journal.buried(letter)
        super().put(letter)


def letter_id_of(edge: str, body: bytes, fallback: str) -> tuple[str, int]:
    """Give id and generation of what a platform gave up on, as far as its body tells."""
    if not edge.startswith("queue:"):
        return fallback, 0
    job: Any = Job.decode(body)
    return job.id, job.generation
