"""Temporal schedules: strings for ``ScheduleSpec(cron_expressions=[...])``, also for intervals and one-shots.

The two day fields both have to match; several expressions are a union. ``@every`` counts from the Unix epoch with a
phase. A sixth and seventh field are the year and, in front, the second. What happens near a clock change is not
defined: servers answer differently east and west of Greenwich, and fire extra runs before a repeated hour (observed on
1.32).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import assert_never

from purista_serverless.schedule.cron import DAY, WEEKDAY, CronFields, parse_cron
from purista_serverless.schedule.dialects.exactness import (
    ANY_POLICY,
    changes_of,
    find_difference,
    find_lost_midnight,
    find_slot_near,
)
from purista_serverless.schedule.dialects.fixed import instants_of
from purista_serverless.schedule.dialects.refusals import refuse_clock_change, refuse_lost_midnight, refuse_one_shot
from purista_serverless.schedule.dialects.rendering import render_five
from purista_serverless.schedule.dialects.result import Outcome, Refusal, Translation
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot
from purista_serverless.schedule.zones import Change

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# The calendar years that the server knows.
_YEARS = range(2000, 2101)
_HOUR = 3600


def translate(expression: Expression, timezone: str, policy: DstPolicy) -> Outcome:
    """Translate to cron strings of a Temporal schedule spec, all in one spec."""
    match expression:
        case Cron(value=value):
            return _translate_cron(expression, parse_cron(value), timezone, policy)
        case Interval():
            return _translate_interval(expression)
        case OneShot():
            instants = instants_of(expression, timezone, policy)
            if not instants or any(instant.microsecond or instant.year not in _YEARS for instant in instants):
                return refuse_one_shot("temporal", expression, exists=bool(instants))
            expressions = tuple(f"{at.second} {at.minute} {at.hour} {at.day} {at.month} * {at.year}" for at in instants)
            return Translation(dialect="temporal", expressions=expressions, timezone="UTC")
        case _:
            assert_never(expression)


def _translate_cron(cron: Cron, fields: CronFields, timezone: str, policy: DstPolicy) -> Outcome:
    if change := find_lost_midnight(cron, fields, timezone):
        return refuse_lost_midnight("temporal", change, timezone)
    if change := _find_touched(cron, timezone, policy):
        return refuse_clock_change("temporal", change, timezone, None)
    expressions = tuple(map(render_five, _split_union(fields)))
    return Translation(dialect="temporal", expressions=expressions, timezone=timezone)


def _find_touched(cron: Cron, timezone: str, policy: DstPolicy) -> Change | None:
    repeating = [change for change in changes_of(timezone) if change.after < change.before]
    width = max((change.before - change.after for change in repeating), default=0)
    return find_difference(cron, timezone, policy, ANY_POLICY) or find_slot_near(
        cron, timezone, repeating, before=width + _HOUR, after=width
    )


def _split_union(fields: CronFields) -> tuple[CronFields, ...]:
    if fields.day_rule != "either":
        return (fields,)
    by_month = replace(fields, weekdays=WEEKDAY.all_bits, either=False)
    return by_month, replace(fields, days=DAY.all_bits, either=False)


def _translate_interval(interval: Interval) -> Outcome:
    every, rest = divmod(interval.every, _SECOND)
    phase, phase_rest = divmod((interval.start or _EPOCH) - _EPOCH, _SECOND)
    if rest or phase_rest:
        reason = f"it counts whole seconds, and every {interval.every} is none"
        return Refusal(dialect="temporal", reason=reason, fix="use an interval and a start of whole seconds")
    notes = () if interval.start is None else (f"Set start_at to {interval.start.astimezone(UTC).isoformat()}.",)
    expression = f"@every {every}s/{phase % every}s"
    return Translation(dialect="temporal", expressions=(expression,), timezone="UTC", notes=notes)
