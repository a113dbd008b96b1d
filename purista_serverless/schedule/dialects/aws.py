"""Amazon EventBridge Scheduler: ``cron()`` with six fields, ``at()``; never ``rate()``.

``rate()`` counts from the creation of the schedule or from a ``StartDate`` that a deployment would have to move, so
that it never keeps the anchor of an interval. Clock changes: a skipped time does not fire, a repeated one fires once,
which is read as the first (User Guide, "Schedule types", daylight saving time).
"""

from typing import assert_never

from purista_serverless.schedule.cron import DAY, HOUR, MINUTE, MONTH, CronFields, Field, parse_cron
from purista_serverless.schedule.dialects.exactness import find_difference
from purista_serverless.schedule.dialects.fixed import instants_of, interval_notes
from purista_serverless.schedule.dialects.refusals import (
    refuse_clock_change,
    refuse_day_intersection,
    refuse_interval,
    refuse_one_shot,
)
from purista_serverless.schedule.dialects.rendering import interval_fields, render_clock, render_list
from purista_serverless.schedule.dialects.result import Outcome, Refusal, Translation
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot

NATIVE_POLICY = DstPolicy("skip", "first")

# Sunday is 1, so that every bit moves up by one.
_WEEKDAY = Field("day of week", 1, 7)
_UNION_NOTE = "Both expressions fire on a day that matches both; the second arrival of a slot is dropped by the gate."


def translate(expression: Expression, timezone: str, policy: DstPolicy) -> Outcome:
    """Translate to schedule expressions of EventBridge Scheduler, each of them one schedule."""
    match expression:
        case Cron(value=value):
            return _translate_cron(expression, parse_cron(value), timezone, policy)
        case Interval():
            expressions = tuple(text for fields in interval_fields(expression) for text in _render(fields))
            if not expressions:
                return refuse_interval("aws", expression)
            return Translation(
                dialect="aws", expressions=expressions, timezone="UTC", notes=interval_notes(expression, expressions)
            )
        case OneShot():
            return _translate_one_shot(expression, timezone, policy)
        case _:
            assert_never(expression)


def _translate_cron(cron: Cron, fields: CronFields, timezone: str, policy: DstPolicy) -> Outcome:
    if fields.day_rule == "both":
        return refuse_day_intersection("aws", fields)
    if change := find_difference(cron, timezone, policy, (NATIVE_POLICY,)):
        return refuse_clock_change("aws", change, timezone, NATIVE_POLICY)
    notes = (_UNION_NOTE,) if fields.day_rule == "either" else ()
    return Translation(dialect="aws", expressions=_render(fields), timezone=timezone, notes=notes)


def _translate_one_shot(one_shot: OneShot, timezone: str, policy: DstPolicy) -> Translation | Refusal:
    instants = instants_of(one_shot, timezone, policy)
    if not instants or any(instant.microsecond for instant in instants):
        return refuse_one_shot("aws", one_shot, exists=bool(instants))
    expressions = tuple(f"at({instant:%Y-%m-%dT%H:%M:%S})" for instant in instants)
    notes = ("Set ActionAfterCompletion to DELETE, or the schedule stays after it has fired.",)
    return Translation(dialect="aws", expressions=expressions, timezone="UTC", notes=notes)


def _render(fields: CronFields) -> tuple[str, ...]:
    """Write one ``cron()`` per day field that restricts, because only one of the two may be set."""
    minutes = render_clock(fields.minutes, MINUTE, origin="0")
    hours = render_clock(fields.hours, HOUR, origin="0")
    months = render_list(fields.months, MONTH)
    by_month = f"cron({minutes} {hours} {render_list(fields.days, DAY)} {months} ? *)"
    by_week = f"cron({minutes} {hours} ? {months} {render_list(fields.weekdays << 1, _WEEKDAY)} *)"
    match fields.day_rule:
        case "every":
            return (f"cron({minutes} {hours} * {months} ? *)",)
        case "week":
            return (by_week,)
        case "either":
            return by_month, by_week
        case _:
            return (by_month,)
