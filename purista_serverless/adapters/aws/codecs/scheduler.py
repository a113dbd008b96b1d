"""Inputs that EventBridge Scheduler sends for us: slots of schedules that need no code on their way to a target."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import SLOT
from purista_serverless.message import slots
from purista_serverless.message.times import milliseconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

is_slot = slots.is_slot


def decode(wire: "Mapping[str, Any]") -> slots.Slot:
    """Read a slot, whose time tells it from others.

    Raises:
        BadEvent: It is not as our templates write it.
    """
    return slots.decode(wire, milliseconds_of(wire.get(SLOT)))
