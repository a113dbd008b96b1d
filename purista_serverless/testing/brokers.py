"""Message brokers in memory, driven by a virtual clock: what they share, and one that can do everything.

A broker holds *parcels* on *channels* (one per asynchronous edge), leases them to a receiver in *batches* of
deliveries, and takes them back when a lease runs out. What a real platform cannot do, its double cannot do either.
"""

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.testing.clock import Timer, VirtualClock
    from purista_serverless.testing.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a broker is told about an edge. Times in milliseconds.

    ``concurrency`` bounds the parcels that are leased at a time; ``max_attempts`` is the edge's policy, from which a
    platform's own dead-letter limit is derived.
    """

    edge: str
    visibility: int = 900_000
    batch_size: int = 1
    concurrency: int | None = None
    max_attempts: int = 10


class Parcel:
    """A message that a broker holds.

    ``serial`` is the platform's id, shared by copies; ``deliveries`` is the platform's count, ``receives`` what an
    adapter makes of it; ``lease`` is the number of the newest lease, ``answer`` what its receiver decided.
    """

    __slots__ = (
        "answer",
        "body",
        "deliveries",
        "due",
        "gone",
        "group",
        "hops",
        "id",
        "lease",
        "lease_until",
        "leased",
        "not_before",
        "order",
        "priority",
        "receives",
        "serial",
        "timer",
    )

    def __init__(
        self,
        id: str,
        body: bytes,
        *,
        serial: int,
        due: int,
        group: str | None = None,
        priority: int = 0,
    ) -> None:
        self.id = id
        self.serial = serial
        self.body = body
        self.due = due
        self.group = group
        self.priority = priority
        self.order: tuple[int, int] = (0, 0)
        self.deliveries = 0
        self.receives = 0
        self.hops = 0
        self.answer = ""
        self.not_before = due
        self.gone = False
        self.lease = 0
        self.lease_until = 0
        self.leased = False
        self.timer: Timer | None = None

    def copy(self) -> "Parcel":
        """Give the same message as a parcel of its own."""
        other = Parcel(self.id, self.body, serial=self.serial, due=self.due, group=self.group, priority=self.priority)
        other.receives, other.hops, other.not_before = self.receives, self.hops, self.not_before
        return other


class Lease:
    """A parcel leased to a receiver: a ``Delivery``. Once the lease has run out, its calls do nothing."""

    __slots__ = ("_line", "_number", "_parcel", "body", "edge", "id", "lease_until", "receives")

    def __init__(self, line: "Line", parcel: Parcel) -> None:
        self._line = line
        self._parcel = parcel
        self._number = parcel.lease
        self.edge = line.channel.edge
        self.id = parcel.id
        self.body = parcel.body
        self.receives = parcel.receives
        self.lease_until: int | None = parcel.lease_until

    @property
    def is_gone(self) -> bool:
        """Say whether the platform has let go of the message, for whatever reason."""
        return self._parcel.gone

    @property
    def is_held(self) -> bool:
        """Say whether the lease still counts."""
        return self._parcel.leased and self._parcel.lease == self._number

    def acknowledge(self) -> None:
        """Remove the message."""
        if self.is_held:
            self._line.broker.acknowledge(self._line, self._parcel)

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Give the message back, to come again after ``delay`` milliseconds."""
        if self.is_held:
            self._line.broker.redeliver(self._line, self._parcel, delay, counted=counted)

    def leave(self) -> None:
        """Touch nothing."""

    def extend(self, duration: int) -> bool:
        """Extend the lease to ``duration`` milliseconds from now; say whether that was possible."""
        if not self.is_held or not self._line.broker.extend(self._line, self._parcel, duration):
            return False
        self.lease_until = self._parcel.lease_until
        return True

    def complete(self) -> None:
        """Let the platform see what was decided: the receiver has answered."""
        if self.is_held:
            self._line.broker.complete(self._line, self._parcel)


class Line:
    """A channel at work: parcels waiting for their time, parcels ready, parcels leased.

    Of the parcels that share a group only the first is on its way; the others stand in line behind it.
    """

    def __init__(self, broker: "Broker", channel: Channel) -> None:
        self.broker = broker
        self.channel = channel
        self.leased = 0
        self._waiting: list[tuple[int, tuple[int, int], Parcel]] = []
        self._ready: list[tuple[int, tuple[int, int], Parcel]] = []
        self._groups: dict[str, deque[Parcel]] = {}
        self._pump: Timer | None = None

    @property
    def is_idle(self) -> bool:
        """Say whether the channel holds nothing."""
        return not (self.leased or self._waiting or self._ready or self._groups)

    def add(self, parcel: Parcel) -> None:
        """Take a parcel in."""
        if parcel.group is not None:
            members = self._groups.setdefault(parcel.group, deque())
            members.append(parcel)
            if members[0] is not parcel:
                return
        self.wait(parcel)

    def wait(self, parcel: Parcel) -> None:
        """Have a parcel wait for its time."""
        heappush(self._waiting, (parcel.due, parcel.order, parcel))
        self._wake(parcel.due)

    def release(self, parcel: Parcel) -> None:
        """End a parcel's lease."""
        parcel.leased = False
        self.leased -= 1
        if parcel.timer is not None:
            parcel.timer.cancel()
        if self._ready:
            self._wake(self.broker.clock.now())

    def remove(self, parcel: Parcel) -> None:
        """End a parcel's lease, if it has one, and forget it; the next of its group may go."""
        parcel.gone = True
        if parcel.leased:
            self.release(parcel)
        if parcel.group is None:
            return
        members = self._groups[parcel.group]
        members.popleft()
        if members:
            self.wait(members[0])
        else:
            del self._groups[parcel.group]

    def give_back(self, parcel: Parcel, delay: int) -> None:
        """End a parcel's lease and have it wait again."""
        self.release(parcel)
        parcel.due = self.broker.clock.now() + delay
        self.wait(parcel)

    def arm(self, parcel: Parcel, lease_until: int) -> None:
        """Set until when a parcel is leased."""
        if parcel.timer is not None:
            parcel.timer.cancel()
        parcel.lease_until = lease_until
        parcel.timer = self.broker.clock.call_at(lease_until, lambda: self.give_back(parcel, 0))

    def _wake(self, at: int) -> None:
        if self._pump is not None and self._pump.call is not None:
            if self._pump.at <= at:
                return
            self._pump.cancel()
        self._pump = self.broker.clock.call_at(at, self._deliver)

    def resume(self) -> None:
        """Look again at what could be delivered."""
        if self._ready or self._waiting:
            self._wake(self.broker.clock.now())

    def _deliver(self) -> None:
        if self.broker.is_paused:
            return
        now = self.broker.clock.now()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, parcel = heappop(self._waiting)
            heappush(self._ready, (-parcel.priority, parcel.order, parcel))
        while batch := self._next_batch():
            self.broker.receive(batch)
        # What is ready and stays waits for room, not for time.
        if self._waiting:
            self._wake(self._waiting[0][0])

    def _next_batch(self) -> list[Lease]:
        batch: list[Lease] = []
        while self._ready and len(batch) < self.broker.batch_limit(self.channel) and self._has_room():
            _, _, parcel = heappop(self._ready)
            if self.broker.admits(self, parcel):
                batch.append(self._lease(parcel))
        return batch

    def _has_room(self) -> bool:
        return self.channel.concurrency is None or self.leased < self.channel.concurrency

    def _lease(self, parcel: Parcel) -> Lease:
        self.begin(parcel)
        count = 1 + self.broker.faults.is_phantom()
        parcel.receives += count
        parcel.deliveries += count
        duration = self.broker.lease_of(self.channel)
        self.arm(parcel, self.broker.clock.now() + self.broker.faults.lease_of(duration))
        lease = Lease(self, parcel)
        # The receiver is told what was promised, not what a fault makes of it.
        lease.lease_until = self.broker.clock.now() + duration
        return lease

    def begin(self, parcel: Parcel) -> None:
        """Begin a lease."""
        parcel.lease += 1
        parcel.leased = True
        parcel.answer = ""
        self.leased += 1


class GiveUp(Protocol):
    """Takes what a platform gives up on by itself."""

    def __call__(self, edge: str, parcel: Parcel) -> None:
        """Keep it with the dead letters."""
        ...


class Broker:
    """What all brokers share; by itself it is unbounded and exact.

    Args:
        clock: The time.
        faults: What goes wrong.
        receive: Takes batches, as they are leased.
        give_up: Takes what the platform gives up on by itself.
    """

    name: ClassVar[str]

    def __init__(
        self, clock: "VirtualClock", faults: "Faults", receive: "Callable[[list[Lease]], None]", give_up: GiveUp
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.receive = receive
        self.give_up = give_up
        self.is_paused = False
        self._lines: dict[str, Line] = {}
        self._order = 0
        self._serial = 0

    @property
    def is_idle(self) -> bool:
        """Say whether no channel holds anything."""
        return all(line.is_idle for line in self._lines.values())

    def pause(self) -> None:
        """Lease nothing any more; what is leased stays so."""
        self.is_paused = True

    def resume(self) -> None:
        """Lease again what is due, and what has come due meanwhile."""
        self.is_paused = False
        for line in self._lines.values():
            line.resume()

    def open(self, channel: Channel) -> None:
        """Open a channel, or change what is known of an open one."""
        if channel.edge in self._lines:
            self._lines[channel.edge].channel = channel
        else:
            self._lines[channel.edge] = Line(self, channel)

    def send(
        self,
        edge: str,
        body: bytes,
        *,
        id: str,
        delay: int = 0,
        group: str | None = None,
        priority: int = 0,
    ) -> None:
        """Take a message for a channel, to be delivered after ``delay`` milliseconds."""
        self._serial += 1
        due = self.clock.now() + delay
        parcel = Parcel(id, body, serial=self._serial, due=due, group=group, priority=priority)
        twin = parcel.copy() if group is None and self.faults.is_duplicated() else None
        self.post(self._lines[edge], parcel)
        if twin is not None:
            self.post(self._lines[edge], twin)

    def post(self, line: Line, parcel: Parcel) -> None:
        """Put a parcel onto its channel, behind those that are there."""
        self._order += 1
        parcel.order = (self._order - (0 if parcel.group else self.faults.places_passed()), self._order)
        parcel.due += self.faults.lateness()
        line.add(parcel)

    def batch_limit(self, channel: Channel) -> int:
        """Say how many parcels a batch may hold."""
        return channel.batch_size

    def lease_of(self, channel: Channel) -> int:
        """Say for how many milliseconds a parcel is leased."""
        return channel.visibility

    def admits(self, line: Line, parcel: Parcel) -> bool:
        """Say whether a ready parcel is leased now; a broker that says no has dealt with it."""
        return True

    def acknowledge(self, line: Line, parcel: Parcel) -> None:
        """Settle a leased parcel."""
        line.remove(parcel)

    def redeliver(self, line: Line, parcel: Parcel, delay: int, *, counted: bool) -> None:
        """Take a leased parcel back."""
        if not counted:
            parcel.receives -= 1
        line.give_back(parcel, delay)

    def extend(self, line: Line, parcel: Parcel, duration: int) -> bool:
        """Extend a lease."""
        line.arm(parcel, self.clock.now() + duration)
        return True

    def complete(self, line: Line, parcel: Parcel) -> None:
        """Act on what the receiver answered; here every call has acted already."""


class IdealBroker(Broker):
    """Promises everything: exact attempts, any delay, lease extension, priorities, order per key.

    A batch holds one message: nothing is gained by more, and nothing can be lost.
    """

    name = "ideal"

    def batch_limit(self, channel: Channel) -> int:
        """Say that a batch holds one parcel."""
        return 1
