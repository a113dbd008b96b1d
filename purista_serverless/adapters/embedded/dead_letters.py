"""Dead letters of an embedded application, for tools: list, show, redrive, purge."""

from typing import TYPE_CHECKING

from purista_serverless.errors import DeclarationError
from purista_serverless.message import Job
from purista_serverless.runtime.dead_letters import redrive

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.runtime.ports import DeadLetter

_QUEUE = "queue:"
_SCHEDULE = "schedule:"


def list_letters(host: "Host", edge: str | None = None, *, limit: int | None = None) -> "tuple[DeadLetter, ...]":
    """Give the dead letters of an edge (``queue:emails``), or of all edges, oldest first; at most ``limit``."""
    return host.dead_letters.letters(edge, -1 if limit is None else limit)


def count_letters(host: "Host") -> dict[str, int]:
    """Give how many dead letters each edge has that has some."""
    return host.dead_letters.counts()


def show_letter(host: "Host", edge: str, key: str) -> "DeadLetter":
    """Give one letter by its key, ``<id>:<generation>``, or by its id alone: then the newest generation.

    Raises:
        KeyError: There is none.
    """
    return host.dead_letters.show(edge, key)


def redrive_letter(host: "Host", letter: "DeadLetter") -> bool:
    """Send a letter back onto its edge as a new generation and delete it, in one commit.

    Returns:
        Whether it was sent; ``False`` if somebody else was faster.

    Raises:
        BadEvent: Its body does not decode; it can only be purged.
        InvalidPayload: It does not match today's types; names the fields, the letter stays.
        DeclarationError: Nothing of this application consumes its edge.
    """
    if letter.edge.startswith(_SCHEDULE):
        return _trigger_again(host, letter)
    consumer = host.assembly.consumers.get(letter.edge)
    if consumer is None:
        raise DeclarationError(f"{host.application.name} does not consume {letter.edge}; redrive with one that does")
    body = redrive(letter, consumer, host.ports)
    with host.store.transaction():
        if not host.dead_letters.delete(letter):
            return False
        if letter.edge.startswith(_QUEUE):
            host.queues.post(Job.decode(body), body)
        else:
            host.store.send(letter.edge, letter.id, body)
    return True


def purge_letters(host: "Host", edge: str | None = None) -> int:
    """Delete the letters of an edge, or all, and say how many there were."""
    return host.dead_letters.purge(edge)


def _trigger_again(host: "Host", letter: "DeadLetter") -> bool:
    """Trigger the slot of a run that could not be triggered; twice is harmless, its ids are derived from the run."""
    gate = host.gates.get(letter.edge.removeprefix(_SCHEDULE))
    if gate is None:
        raise DeclarationError(f"{host.application.name} does not have {letter.edge}; redrive with one that does")
    gate.trigger_again(int(letter.id.rpartition("@")[2]))
    return host.dead_letters.delete(letter)
