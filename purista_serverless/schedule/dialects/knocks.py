"""Where five fields cannot say a schedule: expressions that fire often enough for a gate to start each slot in time.

A gate knows the slots itself, and has nothing to do at other times. What is written here fires at least at each slot,
and seldom more often than needed.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import gcd
from typing import assert_never

from purista_serverless.schedule.cron import DAY, MONTH, WEEKDAY, CronFields, parse_cron, values_of
from purista_serverless.schedule.dialects.exactness import ANY_POLICY, changes_of, find_difference
from purista_serverless.schedule.dialects.fixed import instants_of
from purista_serverless.schedule.dialects.refusals import refuse_interval, refuse_one_shot
from purista_serverless.schedule.dialects.rendering import interval_fields, render_five
from purista_serverless.schedule.dialects.result import Knocks, Refusal
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot

_MINUTE = timedelta(minutes=1)
_DAY_MINUTES = 24 * 60
_GATE = "and the gate starts what is due"


def knock_at(dialect: str, expression: Expression, timezone: str, policy: DstPolicy) -> Knocks | Refusal:
    """Give what fires at least at each slot, for a scheduler that takes five fields and a zone.

    Example:
        >>> knock_at("google", Interval(timedelta(minutes=50)), "UTC", DstPolicy()).expressions
        ('*/10 * * * *',)
        >>> knock_at("google", Cron("30 2 * * *"), "Europe/Berlin", DstPolicy()).expressions
        ('30 0,1 * * *',)
    """
    match expression:
        case Cron():
            return _of_cron(dialect, expression, timezone, policy)
        case Interval():
            return _of_interval(dialect, expression)
        case OneShot():
            return _of_one_shot(dialect, expression, timezone, policy)
        case _:
            assert_never(expression)


def _of_cron(dialect: str, cron: Cron, timezone: str, policy: DstPolicy) -> Knocks:
    fields = parse_cron(cron.value)
    if find_difference(cron, timezone, policy, ANY_POLICY) is None:
        how = f"a job fires on more days than wanted, {_GATE}"
        every_weekday = replace(fields, weekdays=WEEKDAY.all_bits, either=False)
        return Knocks(dialect=dialect, expressions=(render_five(every_weekday),), timezone=timezone, how=how)
    expression = render_five(_daily(_moments(fields, timezone)))
    how = f"a job in UTC fires each day whenever {timezone} can have a slot, also after a clock change, {_GATE}"
    return Knocks(dialect=dialect, expressions=(expression,), timezone="UTC", how=how)


def _moments(fields: CronFields, timezone: str) -> set[int]:
    """Give the minutes of a day in UTC at which the wall clock can show a time of the expression."""
    offsets = {offset // 60 for change in changes_of(timezone) for offset in (change.before, change.after)}
    hours, minutes = values_of(fields.hours), values_of(fields.minutes)
    return {(60 * hour + minute - offset) % _DAY_MINUTES for offset in offsets for hour in hours for minute in minutes}


def _daily(moments: Iterable[int]) -> CronFields:
    """Give the fields that fire at each of the minutes of a day, and at those which share hour and minute with them."""
    hours = minutes = 0
    for moment in moments:
        hours, minutes = hours | 1 << moment // 60, minutes | 1 << moment % 60
    return CronFields(
        minutes=minutes, hours=hours, days=DAY.all_bits, months=MONTH.all_bits, weekdays=WEEKDAY.all_bits, either=False
    )


def _of_interval(dialect: str, interval: Interval) -> Knocks | Refusal:
    every, rest = divmod(interval.every, _MINUTE)
    if rest or (interval.start is not None and (interval.start.second or interval.start.microsecond)):
        return refuse_interval(dialect, interval)
    pace = timedelta(minutes=gcd(every, _DAY_MINUTES))
    expressions = tuple(map(render_five, interval_fields(Interval(pace, start=interval.start))))
    how = f"a job fires every {pace // _MINUTE} min, {_GATE}"
    return Knocks(dialect=dialect, expressions=expressions, timezone="UTC", how=how)


def _of_one_shot(dialect: str, one_shot: OneShot, timezone: str, policy: DstPolicy) -> Knocks | Refusal:
    instants = instants_of(one_shot, timezone, policy)
    if not instants:
        return refuse_one_shot(dialect, one_shot, exists=False)
    how = f"a job fires at that minute of each year, {_GATE}"
    return Knocks(dialect=dialect, expressions=tuple(map(_yearly, instants)), timezone="UTC", how=how)


def _yearly(instant: datetime) -> str:
    """Write the minute that an instant lies in as one of every year, the next one unless it is whole."""
    moment = instant.astimezone(UTC)
    whole = moment.replace(second=0, microsecond=0)
    moment = whole if whole == moment else whole + _MINUTE
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"
