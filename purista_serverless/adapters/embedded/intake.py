"""What a process leases next: which edges it serves, where something may be due, and how much may run at a time."""

import threading
from math import inf
from typing import TYPE_CHECKING

from purista_serverless.adapters.embedded.delivery import Delivery
from purista_serverless.runtime.events import BindingConsumer

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.store import Leased, Store
    from purista_serverless.runtime.assembly import Assembly
    from purista_serverless.runtime.consume import Consumer

_QUEUE = "queue:"
_LEASED = "SELECT count(*) FROM message WHERE state = 1 AND edge = ?"


class Channel:
    """An edge that this process serves.

    ``levels`` is the number of its priorities, ``concurrency`` how many of its messages may be leased at a time, over
    all processes; ``is_carried`` says that its consumer runs code of the user that no attempt tells of.
    """

    __slots__ = ("concurrency", "consumer", "edge", "is_async", "is_carried", "levels", "visibility")

    def __init__(self, consumer: "Consumer", *, levels: int = 1, concurrency: int | None = None) -> None:
        self.consumer = consumer
        self.edge = consumer.edge
        self.is_async = consumer.is_async
        self.is_carried = isinstance(consumer, BindingConsumer)
        self.visibility = consumer.lifecycle.visibility
        self.levels = levels
        self.concurrency = concurrency


def channels_of(
    assembly: "Assembly", *, workers: bool = True, subscriptions: bool = True, queues: "tuple[str, ...] | None" = None
) -> tuple[Channel, ...]:
    """Give the channels of an application, or of the share of it that a process serves."""
    concurrency = {_QUEUE + worker.queue: worker.concurrency for worker in assembly.application.workers}
    levels = {_QUEUE + name: spec.priorities for name, spec in assembly.queues.items()}
    wanted = None if queues is None else {_QUEUE + name for name in queues}
    return tuple(
        Channel(consumer, levels=levels.get(edge, 1), concurrency=concurrency.get(edge))
        for edge, consumer in assembly.consumers.items()
        if ((wanted is None or edge in wanted) and workers if edge.startswith(_QUEUE) else subscriptions)
    )


class Intake:
    """Lease what is due, fairly over the edges.

    It remembers for each edge when something may be due there: what this process writes is noted when it is committed,
    and ``note_all`` has every edge looked at again after others have written.

    Args:
        store: The file.
        channels: The edges to serve.
    """

    def __init__(self, store: "Store", channels: tuple[Channel, ...]) -> None:
        self.store = store
        self.channels = {channel.edge: channel for channel in channels}
        self._order = list(self.channels)
        self._lock = threading.Lock()
        self._due: dict[str, int] = dict.fromkeys(self.channels, 0)

    def note(self, edge: str, due: int) -> None:
        """Remember that something may be due on an edge at a time."""
        if edge in self.channels:
            with self._lock:
                self._due[edge] = min(self._due.get(edge, due), due)

    def note_all(self) -> None:
        """Remember that something may be due anywhere."""
        with self._lock:
            self._due = dict.fromkeys(self.channels, 0)

    def next_due(self, *, room: bool = True, async_room: bool = True) -> float:
        """Give when something may be due next, in milliseconds since the epoch; infinity if nothing is known to come.

        Args:
            room: Whether edges whose handlers run in threads count.
            async_room: Whether edges whose handlers run on the event loop count.
        """
        counts = {False: room, True: async_room}
        with self._lock:
            due = [at for edge, at in self._due.items() if counts[self.channels[edge].is_async]]
        return min(due, default=inf)

    def lease(self, room: int, async_room: int) -> list[Delivery]:
        """Lease what is due.

        Args:
            room: How many deliveries may start in threads.
            async_room: How many may start on the event loop.
        """
        rooms, leased = {False: room, True: async_room}, list[Delivery]()
        now = self.store.clock.now()
        edges = [edge for edge in self._order if self._due.get(edge, inf) <= now]
        # Whoever came first comes last next time, so that a busy edge does not starve the others.
        self._order = [*(edge for edge in self._order if edge not in edges), *edges[1:], *edges[:1]]
        while edges:
            share = {kind: max(1, space // len(edges)) for kind, space in rooms.items()}
            for edge in tuple(edges):
                channel = self.channels[edge]
                space = min(rooms[channel.is_async], share[channel.is_async])
                found = self._lease(channel, space)
                leased += found
                rooms[channel.is_async] -= len(found)
                if len(found) < share[channel.is_async]:
                    edges.remove(edge)
        return leased

    def delivery(self, leased: "Leased") -> Delivery:
        """Give what a consumer is handed."""
        return Delivery(self.store, leased)

    def _lease(self, channel: Channel, space: int) -> list[Delivery]:
        if space <= 0:
            return []
        # Forgotten before it is looked at: what is noted meanwhile must not be lost.
        with self._lock:
            self._due.pop(channel.edge, None)
        if channel.concurrency is not None:
            space = min(space, channel.concurrency - self.store.read(_LEASED, (channel.edge,))[0][0])
        found = self.store.take(channel.edge, channel.visibility, space, channel.levels) if space > 0 else []
        self._look_ahead(channel, is_full=len(found) == space > 0)
        return [self.delivery(leased) for leased in found]

    def _look_ahead(self, channel: Channel, *, is_full: bool) -> None:
        """Note when to look at an edge again; where its concurrency is used up, the end of a run tells."""
        due = 0 if is_full else self.store.next_due(channel.edge)
        if due is not None and (is_full or channel.concurrency is None or due > self.store.clock.now()):
            self.note(channel.edge, due)
