"""Dead letters of an embedded application, for tools: list, show, redrive, purge."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.runtime.ports import DeadLetter


def list_letters(host: "Host", edge: str | None = None, *, limit: int = 1_000) -> "tuple[DeadLetter, ...]":
    """Give the dead letters of an edge (``queue:emails``), or of all edges, oldest first."""
    raise NotImplementedError


def show_letter(host: "Host", edge: str, key: str) -> "DeadLetter":
    """Give one letter by its key, ``<id>:<generation>``, or by its id alone: then the newest generation.

    Raises:
        KeyError: There is none.
    """
    raise NotImplementedError


def redrive_letter(host: "Host", letter: "DeadLetter") -> None:
    """Send a letter back onto its edge as a new generation, and delete it, in one transaction.

    Raises:
        BadEvent: Its body does not decode; it can only be purged.
        InvalidPayload: It does not match today's types; names the fields, the letter stays.
        DeclarationError: Nothing of this application consumes its edge.
    """
    raise NotImplementedError


def purge_letters(host: "Host", edge: str | None = None) -> int:
    """Delete the letters of an edge, or all, and say how many there were."""
    raise NotImplementedError
