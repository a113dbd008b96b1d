"""Knocks at the gate of a schedule, where a platform's clock sends them through a queue.

A knock is a JSON object: ``{"purista": "slot", "schedule": "Billing.1.monthly", "slot": "2027-01-01T01:00:00Z"}`` from
the clock, ``"knock"`` without a slot when something has ended that the gate may wait for, and ``"again"`` from an
operator, for a slot whose run became a dead letter.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import format_json, object_of
from purista_serverless.runtime.consume import Attempt, EdgeLifecycle, Interrupted
from purista_serverless.runtime.dead_letters import bury
from purista_serverless.runtime.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Generator

    from purista_serverless.builder.options import Lifecycle
    from purista_serverless.message import Outcome
    from purista_serverless.runtime.gate import Timetable
    from purista_serverless.runtime.ports import Delivery, Ports

MARK = "purista"
SLOT = "slot"
KNOCK = "knock"
AGAIN = "again"
_KINDS = frozenset({SLOT, KNOCK, AGAIN})

# Beyond it no calendar counts, in milliseconds: the year 9999.
_LATEST = 253_370_764_800_000


class GateConsumer:
    """Let each delivery on a schedule's own edge knock at its gate.

    Args:
        timetable: The schedule.
        lifecycle: The edge's numbers.
    """

    __slots__ = ("batch_size", "edge", "is_async", "lifecycle", "timetable")

    def __init__(self, timetable: "Timetable", lifecycle: "Lifecycle") -> None:
        self.timetable = timetable
        self.edge = f"schedule:{timetable.name}"
        self.lifecycle = EdgeLifecycle(lifecycle)
        self.is_async = False
        self.batch_size = 1

    def consume(self, delivery: "Delivery", ports: "Ports") -> "Generator[Attempt, Outcome | Interrupted, None]":
        """Knock; come again at a time of which no clock will tell the gate."""
        yield from ()
        try:
            kind, slot = self._decode(delivery.body)
        except BadEvent as error:
            bury(delivery, ports, reason=str(error), attempts=delivery.receives)
            return
        gate = Gate(self.timetable, ports)
        if kind == AGAIN and slot is not None:
            gate.trigger_again(slot)
            delivery.acknowledge()
            return
        gate.knock(slot)
        wait = self._wait(gate, ports.clock.now())
        if wait is None:
            delivery.acknowledge()
        else:
            delivery.redeliver(wait, counted=False)

    def _wait(self, gate: Gate, now: int) -> int | None:
        """Give how long until the gate wants to be knocked at, ``None`` where the clock does that at the next slot.

        What lies between slots is the start of one that is spread over time, and the age at which an open run counts
        as finished.
        """
        wake, slot = gate.next_knock(), self.timetable.slots.next_after(now)
        return None if wake is None or wake == slot else wake - now

    def validate(self, body: bytes) -> None:
        """Check a dead letter's body.

        Raises:
            BadEvent: It is no knock of this schedule.
        """
        self._decode(body)

    def redrive(self, body: bytes, generation: int, ports: "Ports") -> bytes:
        """Give the knock that triggers the slot of a dead letter again."""
        _, slot = self._decode(body)
        return format_json({MARK: AGAIN, "schedule": self.timetable.name, SLOT: slot})

    def _decode(self, body: bytes) -> tuple[str, int | None]:
        wire = object_of(body)
        # A gate's own letter, of a slot that could not be triggered, has no mark.
        kind = wire.get(MARK, AGAIN)
        if wire.get("schedule") != self.timetable.name or not isinstance(kind, str) or kind not in _KINDS:
            raise BadEvent(f"not a knock at the gate of {self.timetable.name}")
        return kind, None if kind == KNOCK else _instant(wire.get(SLOT))


def _instant(given: Any) -> int:
    """Give a slot in milliseconds: clocks write it as text, and gates as a number."""
    if isinstance(given, int):
        if not 0 <= given < _LATEST:
            raise BadEvent(f"not a slot: {given!r}")
        return given
    from datetime import datetime

    try:
        found = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise BadEvent(f"not a slot: {given!r}") from error
    if found.tzinfo is None:
        raise BadEvent(f"not a slot with its offset to UTC: {given!r}")
    return _instant(round(found.timestamp() * 1000))
