"""What Cloud Scheduler publishes for us: a schedule has fired. It names no slot, which follows from the time."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.constants import MARK, SLOT
from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slot:
    """A schedule that has fired at a target that takes it without a gate.

    Attributes:
        schedule: Name of the schedule: ``Billing.1.nightly``.
        event: The event that it emits, if it does.
        payload: What is sent, as plain JSON.
        parameter: The parameter that goes along, as plain JSON.
        key: The idempotency key, if the schedule has one.
    """

    __slots__ = ("event", "key", "parameter", "payload", "schedule")

    def __init__(self, *, schedule: str, event: str | None, payload: Any, parameter: Any, key: str | None) -> None:
        self.schedule = schedule
        self.event = event
        self.payload = payload
        self.parameter = parameter
        self.key = key


def is_slot(wire: "Mapping[str, Any]") -> bool:
    """Say whether an object is a slot, by its mark."""
    return wire.get(MARK) == SLOT


def decode(wire: "Mapping[str, Any]") -> Slot:
    """Read a slot.

    Raises:
        BadEvent: It is not as our plans write it.
    """
    schedule, event, key = wire.get("schedule"), wire.get("event"), wire.get("key")
    if not isinstance(schedule, str) or schedule.count(".") != 2:
        raise BadEvent(f"not a slot: 'schedule' must be 'Service.version.name', not {schedule!r}")
    if not isinstance(event, str | None) or not isinstance(key, str | None):
        raise BadEvent("not a slot: 'event' and 'key' must be texts")
    return Slot(schedule=schedule, event=event, payload=wire.get("payload"), parameter=wire.get("parameter"), key=key)
