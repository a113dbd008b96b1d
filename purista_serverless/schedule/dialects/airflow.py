"""Apache Airflow 3: arguments of ``CronTriggerTimetable`` (several: ``MultipleCronTriggerTimetable``) and others.

Expressions are a cron text, ``timedelta(seconds=n)`` for ``DeltaTriggerTimetable``, or ``@once``. The cron timetable
has no policy for clock changes but a search, restated below: each run is looked up on the wall clock from the one
before, and then placed by the clock (after the change, if the time repeats) or, if it runs in every hour, by elapsed
time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_never

from purista_serverless.schedule.cron import HOUR, MONTH, CronFields, parse_cron
from purista_serverless.schedule.dialects.exactness import changes_of, moment, touched_changes
from purista_serverless.schedule.dialects.fixed import instants_of, interval_notes
from purista_serverless.schedule.dialects.refusals import (
    refuse_clock_change,
    refuse_day_intersection,
    refuse_interval,
    refuse_one_shot,
)
from purista_serverless.schedule.dialects.rendering import interval_fields, render_five
from purista_serverless.schedule.dialects.result import Outcome, Translation
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.schedule.zones import Change, load_zone

_BY_CLOCK = DstPolicy("shift", "second")
_BY_ELAPSED_TIME = DstPolicy("shift", "both")


def translate(expression: Expression, timezone: str, policy: DstPolicy) -> Outcome:
    """Translate to arguments of Airflow's trigger timetables."""
    match expression:
        case Cron(value=value):
            return _translate_cron(expression, parse_cron(value), timezone, policy)
        case Interval():
            return _translate_interval(expression)
        case OneShot():
            instants = instants_of(expression, timezone, policy)
            if len(instants) != 1:
                return refuse_one_shot("airflow", expression, exists=bool(instants))
            notes = (f"Set start_date to {instants[0].isoformat()}.",)
            return Translation(dialect="airflow", expressions=("@once",), timezone="UTC", notes=notes)
        case _:
            assert_never(expression)


def _translate_cron(cron: Cron, fields: CronFields, timezone: str, policy: DstPolicy) -> Outcome:
    if fields.day_rule == "both":
        return refuse_day_intersection("airflow", fields)
    if change := _find_difference(cron, fields, timezone, policy):
        native = _BY_ELAPSED_TIME if fields.hours == HOUR.all_bits else _BY_CLOCK
        helps = _find_difference(cron, fields, timezone, native) is None
        return refuse_clock_change("airflow", change, timezone, native if helps else None)
    return Translation(dialect="airflow", expressions=(render_five(fields),), timezone=timezone)


def _translate_interval(interval: Interval) -> Outcome:
    if expressions := tuple(map(render_five, interval_fields(interval))):
        notes = interval_notes(interval, expressions)
        return Translation(dialect="airflow", expressions=expressions, timezone="UTC", notes=notes)
    if interval.start is None:
        return refuse_interval("airflow", interval)
    # Without catchup the timetable counts from the moment at which the scheduler looks.
    notes = (f"Set start_date to {interval.start.astimezone(UTC).isoformat()} and catchup to True.",)
    expression = f"timedelta(seconds={interval.every.total_seconds():.15g})"
    return Translation(dialect="airflow", expressions=(expression,), timezone="UTC", notes=notes)


def _find_difference(cron: Cron, fields: CronFields, timezone: str, policy: DstPolicy) -> Change | None:
    slots = Occurrences(cron, timezone, policy)
    if fields.hours != HOUR.all_bits:
        # Placed by the clock, only a time that a change skips or repeats can go astray.
        return next((change for change in touched_changes(cron, timezone) if _differs(slots, fields, change)), None)
    changes = changes_of(timezone)
    if fields.day_rule != "every" or fields.months != MONTH.all_bits:
        # A pause of days that spans a change shifts the run after it, also the first run after a deployment.
        return changes[0] if changes else None
    return next((change for change in changes if _differs(slots, fields, change)), None)


def _differs(slots: Occurrences, fields: CronFields, change: Change) -> bool:
    width = abs(change.after - change.before)
    start = slots.previous(moment(change.at - 2 * width))
    if start is None:
        return False
    runs = list(_runs(slots, fields, start, moment(change.at + 2 * width)))
    return runs != [slot.astimezone(UTC) for slot in slots.between(start, runs[-1])]


def _runs(slots: Occurrences, fields: CronFields, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield Airflow's runs after one run until one is past the end."""
    zone = load_zone(slots.timezone)
    wall = Occurrences(slots.expression, "UTC")
    current = start.astimezone(UTC)
    while current <= end:
        reading = current.astimezone(zone.info).replace(tzinfo=UTC)
        scheduled = wall.next_after(reading)
        # A cron expression always has a next time on the wall clock.
        assert scheduled is not None  # noqa: S101
        if fields.hours == HOUR.all_bits:
            current += timedelta(seconds=(scheduled - reading).total_seconds())
        else:
            current = zone.instants(scheduled.replace(tzinfo=None), _BY_CLOCK)[0].astimezone(UTC)
        yield current
