"""The store: messages, records and dead letters in one SQLite file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from purista_serverless.runtime.ports import Clock


class Leased:
    """A leased row of ``message``; ``fence`` must be given to settle it."""

    __slots__ = ("body", "edge", "fence", "id", "lease_until", "receives", "seq")
    seq: int
    edge: str
    id: str
    body: bytes
    fence: int
    receives: int
    lease_until: int


class Store:
    """One SQLite file, safe to use from many threads and processes."""

    def __init__(self, path: "str | Path", clock: "Clock") -> None:
        raise NotImplementedError

    def transaction(self) -> "AbstractContextManager[None]":
        """Make the writes of this thread one durable commit; nested ones join the outermost."""
        raise NotImplementedError

    def send(
        self,
        edge: str,
        id: str,
        body: bytes,
        *,
        delay: int = 0,
        priority: int = 0,
        ordering_key: str | None = None,
    ) -> None:
        """Put one message onto an edge, durably."""
        raise NotImplementedError

    def send_many(self, edge: str, messages: "Iterable[tuple[str, bytes]]") -> None:
        """Put ``(id, body)`` messages onto an edge in one commit."""
        raise NotImplementedError

    def lease(self, edge: str, duration: int, limit: int = 1) -> "list[Leased]":
        """Lease up to ``limit`` due messages of an edge for ``duration`` milliseconds."""
        raise NotImplementedError

    def acknowledge(self, leased: Leased) -> bool:
        """Remove a leased message; ``False`` if the lease is lost."""
        raise NotImplementedError

    def acknowledge_many(self, batch: "Sequence[Leased]") -> int:
        """Remove leased messages in one commit; give how many leases still held."""
        raise NotImplementedError

    def exchange(self, batch: "Sequence[Leased]", edge: str, duration: int, limit: int = 1) -> "list[Leased]":
        """Acknowledge and lease the next ones, in one commit."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every connection."""
        raise NotImplementedError
