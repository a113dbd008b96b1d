"""A leased message as the core sees it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.store import Leased, Store


class Delivery:
    """One leased message, and the ways to settle it; a ``Delivery`` of the core.

    Each way is guarded by the lease's fence: once the lease is lost, it does nothing.
    """

    __slots__ = ("_leased", "_store", "body", "edge", "id", "lease_until", "receives")

    def __init__(self, store: "Store", leased: "Leased") -> None:
        self._store = store
        self._leased = leased
        self.edge = leased.edge
        self.id = leased.id
        self.body = leased.body
        self.receives = leased.receives
        self.lease_until: int | None = leased.lease_until

    def acknowledge(self) -> None:
        """Remove the message."""
        self._store.acknowledge(self._leased)

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Give the message back, to come again after ``delay`` milliseconds."""
        self._store.release(self._leased, delay, counted=counted)

    def leave(self) -> None:
        """Touch nothing."""

    def extend(self, duration: int) -> bool:
        """Have the lease end ``duration`` milliseconds from now; say whether it was still held."""
        held = self._store.extend(self._leased, duration)
        self.lease_until = self._leased.lease_until
        return held
