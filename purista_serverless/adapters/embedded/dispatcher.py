"""The turn of the loop: settle what has ended, lease what is due, begin it, all of that in one commit.

Handlers run elsewhere (a ``Runner``); everything that the core does with a delivery before and after its handler runs
here, in one thread, so that the settling of several deliveries and the leasing of the next share one trip to the disk.
"""

import logging
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Protocol

from purista_serverless.errors import Unavailable
from purista_serverless.message import Failed, Outcome
from purista_serverless.runtime import consume
from purista_serverless.runtime.consume import Attempt, Interrupted, rest
from purista_serverless.runtime.dead_letters import bury, generation_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from purista_serverless.adapters.embedded.delivery import Delivery
    from purista_serverless.adapters.embedded.intake import Channel, Intake
    from purista_serverless.adapters.embedded.store import Store
    from purista_serverless.runtime.ports import Ports

    Steps = Generator[Attempt, Outcome | Interrupted, None]

LOGGER = logging.getLogger("purista_serverless.embedded")

# How long to leave a store alone that could not commit, in milliseconds.
_PAUSE = 100


class Flight:
    """A delivery on its way through its consumer.

    ``attempt`` is the run that its handler makes, ``None`` where the runner runs the whole consumer; ``beat_at`` and
    ``cancel_at`` are when it needs looking after.
    """

    __slots__ = ("_ports", "attempt", "beat_at", "cancel_at", "channel", "delivery", "steps")

    def __init__(self, channel: "Channel", delivery: "Delivery", ports: "Ports") -> None:
        self._ports = ports
        self.channel = channel
        self.delivery = delivery
        self.steps: Steps = channel.consumer.consume(delivery, ports)
        self.attempt: Attempt | None = None
        self.beat_at = inf
        self.cancel_at = inf

    def begin(self, attempt: Attempt, now: int) -> None:
        """Note an attempt and when it needs looking after."""
        self.attempt = attempt
        self.beat_at = now + attempt.heartbeat_interval if attempt.heartbeat_interval is not None else inf
        self.cancel_at = now + attempt.max_runtime if attempt.max_runtime is not None else inf

    def work(self) -> "Outcome | None":
        """Run the handler, or the whole consumer, to its end in this thread."""
        try:
            if self.attempt is not None:
                return self.attempt.run()
            consume.run(self.steps, self.delivery)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a handler must not end the thread that runs others
            return Failed(error)
        return None


class Runner(Protocol):
    """What runs handlers."""

    def room(self, *, is_async: bool) -> int:
        """Say how many more handlers of a kind may start now."""
        ...

    def start(self, flight: Flight) -> None:
        """Start a flight; when it has ended, ``Dispatcher.end`` is told."""
        ...


class Dispatcher:
    """Take deliveries through their consumers.

    Args:
        store: The file.
        intake: What to lease.
        ports: The ways out.
        runner: Runs the handlers.
    """

    def __init__(self, store: "Store", intake: "Intake", ports: "Ports", runner: Runner) -> None:
        self.store = store
        self.intake = intake
        self.ports = ports
        self.runner = runner
        self.flights: dict[Flight, None] = {}
        self.is_leasing = True
        self._ended: deque[tuple[Flight, Outcome | Interrupted | None]] = deque()
        self._expiry: float = 0
        self._alarm: float = inf
        self._pause_until = 0

    def end(self, flight: Flight, outcome: "Outcome | Interrupted | None") -> None:
        """Take the outcome of a flight; may be called from any thread, and is settled by the next turn."""
        self._ended.append((flight, outcome))

    def look_everywhere(self) -> None:
        """Look at every edge and every lease in the next turn: another process has written."""
        self.intake.note_all()
        self._expiry = 0

    def turn(self) -> float:
        """Do what is due, and give when to come back, in milliseconds since the epoch; infinity for not before told."""
        now = self.ports.clock.now()
        if now < self._pause_until:
            return self._pause_until
        try:
            if now >= self._alarm:
                self._look_after(now)
            if now >= self._expiry:
                self._reclaim(now)
            self._commit(now)
        except Unavailable:
            LOGGER.warning("the store could not be written; what was leased comes again", exc_info=True)
            self._pause_until = now + _PAUSE
        return self._next_at(now)

    def _next_at(self, now: int) -> float:
        if self._ended or now < self._pause_until:
            return max(now, self._pause_until)
        due = self.intake.next_due(room=self._room(False), async_room=self._room(True)) if self.is_leasing else inf
        return min(due, self._expiry if self.is_leasing else inf, self._alarm)

    def _room(self, is_async: bool) -> bool:  # noqa: FBT001 - the kind of a handler
        return self.runner.room(is_async=is_async) > 0

    def _commit(self, now: int) -> None:
        """Settle what has ended and begin what is due, in one commit; what begins is started after it."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        if not ended and not (self.is_leasing and self.intake.next_due() <= now):
            return
        begun: list[Flight] = []
        is_open = False
        try:
            # Without anything to settle there is nothing that a power cut may not undo.
            with self.store.transaction(durable=bool(ended)):
                is_open = True
                begun += [flight for flight, outcome in ended if self._advance(flight, outcome)]
                if self.is_leasing:
                    begun += self._lease()
        except Unavailable:
            if is_open:
                self._give_back([flight for flight, _ in ended], begun)
            else:
                self._ended.extendleft(reversed(ended))
            raise
        for flight in begun:
            self.flights[flight] = None
            self._alarm = min(self._alarm, flight.beat_at, flight.cancel_at)
            self.runner.start(flight)

    def _lease(self) -> list[Flight]:
        room, async_room = self.runner.room(is_async=False), self.runner.room(is_async=True)
        leased = self.intake.lease(room, async_room)
        flights = [Flight(self.intake.channels[delivery.edge], delivery, self.ports) for delivery in leased]
        self._expiry = min(self._expiry, *(delivery.lease_until or inf for delivery in leased), inf)
        return [flight for flight in flights if flight.channel.is_carried or self._advance(flight, None)]

    def _advance(self, flight: Flight, outcome: "Outcome | Interrupted | None") -> bool:
        """Let a consumer go on with an outcome; say whether there is a handler to run."""
        self.flights.pop(flight, None)
        if flight.channel.concurrency is not None:
            self.intake.note(flight.channel.edge, self.ports.clock.now())
        if flight.channel.is_carried:
            if isinstance(outcome, Failed):
                self._refuse(flight, outcome.error)
            return False
        try:
            with self.store.savepoint():
                attempt = _step(flight.steps, outcome)
        except Unavailable:
            flight.delivery.redeliver(rest(flight.delivery), counted=False)
            return False
        except Exception as error:  # noqa: BLE001 - one message must not stop the others, whatever is wrong with it
            self._refuse(flight, error)
            return False
        if attempt is not None:
            flight.begin(attempt, self.ports.clock.now())
        return attempt is not None

    def _refuse(self, flight: Flight, error: BaseException) -> None:
        """Deal with a message that the core itself fails on: again later, and in the end a dead letter."""
        LOGGER.error("%s: message %s cannot be handled", flight.delivery.edge, flight.delivery.id, exc_info=error)
        delivery, lifecycle = flight.delivery, flight.channel.consumer.lifecycle
        if delivery.receives >= lifecycle.max_attempts:
            reason = f"{type(error).__name__}: {error}"
            # Redriven as an earlier generation it would count as a copy of what is over, and vanish.
            generation = generation_of(delivery.edge, delivery.body)
            bury(delivery, self.ports, reason=reason, attempts=delivery.receives, generation=generation)
        else:
            delivery.redeliver(rest(delivery), counted=True)

    def _give_back(self, ended: "Sequence[Flight]", begun: "Iterable[Flight]") -> None:
        """Give back what a failed commit was to settle; where that fails too, the leases run out."""
        for flight in (*ended, *begun):
            self.flights.pop(flight, None)
            flight.steps.close()
        self.look_everywhere()
        try:
            with self.store.transaction():
                for flight in ended:
                    flight.delivery.redeliver(rest(flight.delivery), counted=False)
        except Unavailable:
            LOGGER.warning("deliveries could not be given back either; they come again when their leases run out")

    def _reclaim(self, now: int) -> None:
        expiry = self.store.next_expiry()
        if expiry is not None and expiry <= now:
            self.store.reclaim()
            expiry = self.store.next_expiry()
        self._expiry = inf if expiry is None else expiry

    def _look_after(self, now: int) -> None:
        """Extend the leases whose time it is, in one commit, and cancel what has run for too long."""
        beating = [flight for flight in self.flights if flight.beat_at <= now]
        if beating:
            with self.store.transaction(durable=False):
                for flight in beating:
                    _beat(flight, now)
        for flight in self.flights:
            if flight.cancel_at <= now and flight.attempt is not None:
                flight.cancel_at = inf
                flight.attempt.cancel()
        self._alarm = min((min(flight.beat_at, flight.cancel_at) for flight in self.flights), default=inf)


def _step(steps: "Steps", outcome: "Outcome | Interrupted | None") -> Attempt | None:
    """Let a consumer go on; ``None`` when it has come to its end."""
    try:
        return steps.send(outcome)  # type: ignore[arg-type]  # a consumer begins with ``None``, as generators do
    except StopIteration:
        return None


def _beat(flight: Flight, now: int) -> None:
    attempt = flight.attempt
    if attempt is None or attempt.heartbeat_interval is None:
        flight.beat_at = inf
    elif attempt.heartbeat():
        flight.beat_at = now + attempt.heartbeat_interval
    else:
        # A lease that cannot be extended still lasts until its end, and the handler may use it up.
        flight.beat_at = inf
        flight.cancel_at = min(flight.cancel_at, flight.delivery.lease_until or inf)
