"""Slots of schedules that a platform's clock sends straight to a target, where no gate is needed on the way.

Such a slot is a JSON object: ``{"purista": "slot", "schedule": "Billing.1.nightly", "payload": {}}``, with ``event``,
``parameter`` and ``key`` where there are any.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import BadEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "purista"
SLOT = "slot"


class Slot:
    """A schedule that has fired.

    Attributes:
        schedule: Name of the schedule: ``Billing.1.nightly``.
        run_id: What tells this firing from all others, as the id of a run: ``Billing.1.nightly@1798765200000``.
        event: The event that it emits, if it does.
        payload: What is sent, as plain JSON.
        parameter: The parameter that goes along, as plain JSON.
        key: The idempotency key, if the schedule has one.
    """

    __slots__ = ("event", "key", "parameter", "payload", "run_id", "schedule")

    def __init__(
        self, *, schedule: str, run_id: str, event: str | None, payload: Any, parameter: Any, key: str | None
    ) -> None:
        self.schedule = schedule
        self.run_id = run_id
        self.event = event
        self.payload = payload
        self.parameter = parameter
        self.key = key


def is_slot(wire: "Mapping[str, Any]") -> bool:
    """Say whether an object is a slot, by its mark."""
    return wire.get(MARK) == SLOT


def decode(wire: "Mapping[str, Any]", occasion: object) -> Slot:
    """Read a slot.

    Args:
        wire: The object.
        occasion: What tells one firing of the schedule from another: its time, or the id of the message.

    Raises:
        BadEvent: It is not as our plans write it.

    Example:
        >>> decode({"purista": "slot", "schedule": "Billing.1.nightly"}, 1798765200000).run_id
        'Billing.1.nightly@1798765200000'
    """
    schedule, event, key = wire.get("schedule"), wire.get("event"), wire.get("key")
    if not isinstance(schedule, str) or schedule.count(".") != 2:
        raise BadEvent(f"not a slot: 'schedule' must be 'Service.version.name', not {schedule!r}")
    if not isinstance(event, str | None) or not isinstance(key, str | None):
        raise BadEvent("not a slot: 'event' and 'key' must be texts")
    return Slot(
        schedule=schedule,
        run_id=f"{schedule}@{occasion}",
        event=event,
        payload=wire.get("payload"),
        parameter=wire.get("parameter"),
        key=key,
    )
