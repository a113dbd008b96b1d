"""The ways out of handlers: each writes to the file, so that what belongs together is one commit."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import spelled_out
from purista_serverless.runtime.invoke import aexecute, execute
from purista_serverless.runtime.ports import DeadLetter, Ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.adapters.embedded.routes import Routes
    from purista_serverless.adapters.embedded.store import Store
    from purista_serverless.runtime.assembly import Assembly
    from purista_serverless.runtime.function import Function

GATE = "gate:"

_QUEUE = "queue:"
_PUT = """
INSERT INTO letter (edge, key, id, generation, body, reason, attempts, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (edge, key) DO NOTHING
"""
_LETTERS = """
SELECT edge, id, body, reason, attempts, generation, at FROM letter
WHERE (?1 IS NULL OR edge = ?1) ORDER BY seq LIMIT ?2
"""
_LETTER = """
SELECT edge, id, body, reason, attempts, generation, at FROM letter
WHERE edge = ?1 AND (key = ?2 OR id = ?2) ORDER BY generation DESC LIMIT 1
"""


class FileEvents:
    """An ``EventPort``: one row per matching edge, in one commit."""

    __slots__ = ("_routes", "_store")

    def __init__(self, store: "Store", routes: "Routes") -> None:
        self._store = store
        self._routes = routes

    def publish(self, message: Message) -> None:
        """Hand an event to every edge that it matches."""
        edges = self._routes.edges_for(message)
        if not edges:
            return
        body = message.encode()
        with self._store.transaction():
            for edge in edges:
                self._store.send(edge, message.id, body)


class FileQueues:
    """A ``QueuePort``. A job whose queue has no worker in this application waits for one that has."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def send(self, job: Job, *, delay: int) -> None:
        """Put a job onto its queue."""
        self.post(job, job.encode(), delay)

    def post(self, job: Job, body: bytes, delay: int = 0) -> None:
        """Put a job onto its queue as the bytes that it came in."""
        self._store.send(
            _QUEUE + job.queue, job.id, body, delay=delay, priority=job.priority, ordering_key=job.ordering_key
        )


class FileSchedules:
    """A ``SchedulePort``: calls and knocks are rows, so that any process with a scheduler finds them."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def call(self, schedule: str, message: Message) -> None:
        """Deliver a command on the schedule's own edge."""
        self._store.send(f"call:{schedule}", message.id, message.encode())

    def knock(self, schedule: str) -> None:
        """Have the schedule's gate look at its slots again, once however often it is asked for."""
        edge = GATE + schedule
        with self._store.transaction():
            if self._store.next_due(edge) is None:
                self._store.send(edge, "knock", b"")


class FileDeadLetters:
    """A ``DeadLetterPort``, with what tools need besides."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def put(self, letter: DeadLetter) -> None:
        """Keep a letter; of several with one key on an edge the first is kept."""
        values = (letter.generation, letter.body, spelled_out(letter.reason), letter.attempts, letter.at)
        with self._store.transaction():
            self._store.execute(_PUT, (letter.edge, spelled_out(letter.key), spelled_out(letter.id), *values))

    def letters(self, edge: str | None = None, limit: int = -1) -> tuple[DeadLetter, ...]:
        """Give the letters of an edge, or all, oldest first."""
        return tuple(_letter(row) for row in self._store.read(_LETTERS, (edge, limit)))

    def counts(self) -> dict[str, int]:
        """Give how many letters each edge has that has some."""
        return dict(self._store.read("SELECT edge, count(*) FROM letter GROUP BY edge ORDER BY edge"))

    def show(self, edge: str, key: str) -> DeadLetter:
        """Give one letter, by its key or by its id: then that of the newest generation.

        Raises:
            KeyError: There is none.
        """
        rows = self._store.read(_LETTER, (edge, spelled_out(key)))
        if not rows:
            raise KeyError(f"{edge} has no dead letter {key!r}")
        return _letter(rows[0])

    def delete(self, letter: DeadLetter) -> bool:
        """Forget a letter; ``False`` if it is gone already."""
        with self._store.transaction():
            values = (letter.edge, spelled_out(letter.key))
            return self._store.execute("DELETE FROM letter WHERE edge = ? AND key = ?", values).rowcount == 1

    def purge(self, edge: str | None = None) -> int:
        """Delete the letters of an edge, or all, and say how many there were."""
        with self._store.transaction():
            return self._store.execute("DELETE FROM letter WHERE ?1 IS NULL OR edge = ?1", (edge,)).rowcount


class LocalCommands:
    """A ``CommandPort`` that runs the application's commands in this process."""

    def __init__(self, assembly: "Assembly") -> None:
        self._assembly = assembly
        self.ports: Ports | None = None

    def invoke(self, message: Message) -> Message:
        """Run a command to its response.

        Raises:
            Unavailable: This application has no such command.
        """
        return execute(self._function(message), message, self._ports())

    async def ainvoke(self, message: Message) -> Message:
        """Do the same for an async handler."""
        return await aexecute(self._function(message), message, self._ports())

    def _function(self, message: Message) -> "Function":
        receiver = message.receiver
        found = None
        if receiver is not None:
            found = self._assembly.command(receiver.service, receiver.version, receiver.target)
        if found is None:
            raise Unavailable(f"no handler of this application answers the command for {receiver}")
        return found

    def _ports(self) -> Ports:
        if self.ports is None:
            raise RuntimeError("commands are invoked before their ports are set")
        return self.ports


async def offload(call: "Callable[..., Any]", *arguments: Any) -> Any:
    """Make a call that waits for the disk in a thread, so that the event loop goes on."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    edge, letter_id, body, reason, attempts, generation, at = row
    return DeadLetter(
        edge=edge, id=letter_id, body=body, reason=reason, attempts=attempts, generation=generation, at=at
    )
