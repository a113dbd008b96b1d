"""Schedules of an embedded application, for tools."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from purista_serverless.model import CommandTarget, EventTarget, QueueTarget
from purista_serverless.naming import nearest

if TYPE_CHECKING:
    from purista_serverless.adapters.embedded.host import Host
    from purista_serverless.model import Schedule
    from purista_serverless.runtime.gate import Gate


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
    gates = host.gates
    schedules = sorted(host.application.model.schedules, key=lambda schedule: schedule.name)
    return tuple(_summary(host, schedule, gates[schedule.name]) for schedule in schedules)


def next_slots(host: "Host", name: str, count: int = 5) -> tuple[int, ...]:
    """Give the next slots of a schedule, whether it is enabled or not.

    Raises:
        KeyError: There is no such schedule.
    """
    slots, found = _gate(host, name).timetable.slots, list[int]()
    upcoming = slots.next_after(host.clock.now())
    while upcoming is not None and len(found) < count:
        found.append(upcoming)
        upcoming = slots.next_after(upcoming)
    return tuple(found)


def trigger_schedule(host: "Host", name: str) -> int:
    """Trigger a schedule now, beside its slots and policies; give the time in milliseconds that stands for its slot.

    Raises:
        KeyError: There is no such schedule.
    """
    now = host.clock.now()
    _gate(host, name).trigger_again(now)
    return now


def _gate(host: "Host", name: str) -> "Gate":
    gates = host.gates
    if name not in gates:
        hint = nearest(name, gates)
        fix = f"did you mean {hint!r}?" if hint else f"known: {', '.join(sorted(gates)) or 'none'}"
        raise KeyError(f"no schedule {name!r}; {fix}")
    return gates[name]


def _summary(host: "Host", schedule: "Schedule", gate: "Gate") -> ScheduleSummary:
    stored = host.ports.ledger.read(f"schedule:{schedule.name}/state")
    state = stored.fields if stored is not None else {}
    return ScheduleSummary(
        name=schedule.name,
        expression=str(schedule.expression),
        timezone=schedule.timezone,
        enabled=schedule.enabled,
        target=_target_of(schedule),
        next=gate.next_knock(),
        watermark=state.get("watermark"),
        open_runs=tuple(state.get("open", ())),
    )


def _target_of(schedule: "Schedule") -> str:
    match schedule.target:
        case EventTarget(event=name):
            return f"event {name}"
        case QueueTarget(queue=name):
            return f"queue {name}"
        case CommandTarget(command=address):
            return f"command {address}"
        case _:
            assert_never(schedule.target)
