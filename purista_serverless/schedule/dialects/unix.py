"""Google Cloud Scheduler (unix-cron) and Kubernetes CronJob: five fields, nothing else.

Google documents that wall-clock times near a change may run unexpectedly or not, so that only schedules which no
change touches are exact. Kubernetes evaluates with robfig/cron v3: skipped times do not fire (documented there),
repeated ones fire both times, since it counts elapsed hours; around a skipped midnight or a change by part of an hour
it gets lost.
"""

from typing import assert_never

from purista_serverless.schedule.cron import parse_cron
from purista_serverless.schedule.dialects.exactness import ANY_POLICY, find_difference, find_lost_midnight
from purista_serverless.schedule.dialects.fixed import interval_notes
from purista_serverless.schedule.dialects.refusals import (
    refuse_clock_change,
    refuse_day_intersection,
    refuse_interval,
    refuse_lost_midnight,
)
from purista_serverless.schedule.dialects.rendering import interval_fields, render_five
from purista_serverless.schedule.dialects.result import Outcome, Refusal, Translation
from purista_serverless.schedule.expressions import Cron, DstPolicy, Expression, Interval, OneShot

KUBERNETES_POLICY = DstPolicy("skip", "both")


def translate_google(expression: Expression, timezone: str, policy: DstPolicy) -> Outcome:
    """Translate to unix-cron of Cloud Scheduler, one job per expression."""
    if isinstance(expression, Cron) and (change := find_difference(expression, timezone, policy, ANY_POLICY)):
        return refuse_clock_change("google", change, timezone, None)
    return _translate("google", expression, timezone)


def translate_kubernetes(expression: Expression, timezone: str, policy: DstPolicy) -> Outcome:
    """Translate to ``spec.schedule`` of CronJobs, one job per expression; the zone goes to ``spec.timeZone``."""
    if isinstance(expression, Cron):
        if change := find_lost_midnight(expression, parse_cron(expression.value), timezone):
            return refuse_lost_midnight("kubernetes", change, timezone)
        if change := find_difference(expression, timezone, policy, (KUBERNETES_POLICY,)):
            return refuse_clock_change("kubernetes", change, timezone, KUBERNETES_POLICY)
    return _translate("kubernetes", expression, timezone)


def _translate(dialect: str, expression: Expression, timezone: str) -> Outcome:
    match expression:
        case Cron(value=value):
            fields = parse_cron(value)
            if fields.day_rule == "both":
                return refuse_day_intersection(dialect, fields)
            return Translation(dialect=dialect, expressions=(render_five(fields),), timezone=timezone)
        case Interval():
            expressions = tuple(map(render_five, interval_fields(expression)))
            if not expressions:
                return refuse_interval(dialect, expression)
            notes = interval_notes(expression, expressions)
            return Translation(dialect=dialect, expressions=expressions, timezone="UTC", notes=notes)
        case OneShot(at=at):
            reason = f"it has no one-time schedules, and cron would fire at {at} each year"
            return Refusal(
                dialect=dialect, reason=reason, fix="enqueue a delayed job, or use a scheduler that has them"
            )
        case _:
            assert_never(expression)
