"""EventBridge Scheduler, which no emulator fires: the expressions of a deployment, on the virtual clock.

A slot that comes while the service is away is delivered late, when it is back, as its retry policy has it; of several
slots of one expression the newest is enough for a gate, which looks at all that are due.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from purista_serverless.adapters.aws import constants
from purista_serverless.adapters.aws.plan.resources import Schedule
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, OneShot
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.testing.clock import Timer, VirtualClock, to_milliseconds

_NATIVE = DstPolicy("skip", "first")

Fire = Callable[[Schedule, str], None]
"""Delivers what a schedule sends, with the text of its input."""


class Scheduler:
    """Fires schedules at their slots, to the second.

    Args:
        clock: The time.
        fire: Delivers.
    """

    def __init__(self, clock: VirtualClock, fire: Fire) -> None:
        self._clock = clock
        self._fire = fire
        self._schedules: dict[str, Schedule] = {}
        self._since: dict[str, datetime] = {}
        self._timers: dict[str, Timer] = {}
        self._is_away = False

    def use(self, schedules: tuple[Schedule, ...]) -> None:
        """Take the schedules of a deployment; those that are as they were go on."""
        enabled = {schedule.id: schedule for schedule in schedules if schedule.is_enabled}
        for id, schedule in enabled.items():
            if _timing_of(self._schedules.get(id)) != _timing_of(schedule):
                self._since[id] = self._clock.instant
        self._schedules = enabled
        self._arm_all()

    def stop(self) -> None:
        """Be away: nothing fires."""
        self._is_away = True
        self._arm_all()

    def start(self) -> None:
        """Be back, and deliver late what is missing."""
        self._is_away = False
        for id, schedule in self._schedules.items():
            missed = _slots_of(schedule).newest(self._since[id], self._clock.instant, 1)
            if missed:
                self._deliver(schedule, missed[-1])
        self._arm_all()

    def _arm_all(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if not self._is_away:
            for schedule in self._schedules.values():
                self._arm(schedule)

    def _arm(self, schedule: Schedule) -> None:
        slot = _slots_of(schedule).next_after(self._since[schedule.id])
        if slot is not None:
            self._timers[schedule.id] = self._clock.call_at(
                to_milliseconds(slot), lambda: self._fire_and_arm(schedule, slot)
            )

    def _fire_and_arm(self, schedule: Schedule, slot: datetime) -> None:
        self._deliver(schedule, slot)
        self._arm(schedule)

    def _deliver(self, schedule: Schedule, slot: datetime) -> None:
        self._since[schedule.id] = slot
        self._fire(schedule, input_of(schedule, slot))


def input_of(schedule: Schedule, slot: datetime) -> str:
    """Give what a schedule sends for a slot."""
    return schedule.input.replace(constants.SCHEDULED_TIME, f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _timing_of(schedule: Schedule | None) -> tuple[str, str] | None:
    return None if schedule is None else (schedule.expression, schedule.timezone)


def _slots_of(schedule: Schedule) -> Occurrences:
    return Occurrences(read_expression(schedule.expression, schedule.timezone), schedule.timezone, _NATIVE)


def read_expression(text: str, timezone: str) -> Expression:
    """Read an expression of EventBridge Scheduler.

    Example:
        >>> read_expression("cron(0 2 ? * 2-6 *)", "UTC")
        Cron('0 2 * * 1-5')
    """
    kind, _, rest = text.rstrip(")").partition("(")
    if kind == "at":
        return OneShot(datetime.fromisoformat(rest).replace(tzinfo=ZoneInfo(timezone)))
    minute, hour, day, month, weekday, _year = rest.replace("?", "*").split()
    return Cron(f"{minute} {hour} {day} {month} {_shifted(weekday)}")


def _shifted(weekdays: str) -> str:
    """Count the days of a week from Sunday as 0; the platform's Sunday is 1."""
    return "".join(str(int(character) - 1) if character.isdigit() else character for character in weekdays)
