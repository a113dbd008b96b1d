"""Schedules of an embedded application, for tools."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSummary:
    """A schedule and where it stands. Times are milliseconds since the epoch.

    ``next`` is when its gate is knocked at next; ``watermark`` is the slot up to which everything was decided, ``None``
    if it was never started; ``open_runs`` are the slots whose runs have not ended (``forbid`` and ``replace`` only).
    """

    name: str
    expression: str
    timezone: str
    enabled: bool
    target: str
    next: int | None
    watermark: int | None
    open_runs: tuple[int, ...]


def list_schedules(host: "Host") -> tuple[ScheduleSummary, ...]:
    """Give all schedules, by name."""
    raise NotImplementedError


def next_slots(host: "Host", name: str, count: int = 5) -> tuple[int, ...]:
    """Give the next slots of a schedule, whether it is enabled or not.

    Raises:
        KeyError: There is no such schedule.
    """
    raise NotImplementedError


def trigger_schedule(host: "Host", name: str) -> int:
    """Trigger a schedule now, beside its slots and policies; give the slot that the run was made for.

    Raises:
        KeyError: There is no such schedule.
    """
    raise NotImplementedError
