"""The refusals that several dialects share, worded once."""

from datetime import timedelta

from purista_serverless.schedule.cron import DAY, WEEKDAY, CronFields
from purista_serverless.schedule.dialects.exactness import moment
from purista_serverless.schedule.dialects.rendering import render_list
from purista_serverless.schedule.dialects.result import Refusal
from purista_serverless.schedule.expressions import DstPolicy, Interval, OneShot
from purista_serverless.schedule.zones import Change

_ELSEWHERE = "use the zone 'UTC', or times that no clock change touches"


def refuse_clock_change(dialect: str, change: Change, timezone: str, native: DstPolicy | None) -> Refusal:
    """Refuse because the dialect handles a clock change otherwise (``native``), or in no defined way (``None``)."""
    habit = f"it keeps {native!r} there" if native else "what it does there is not defined"
    reason = f"{timezone} changes its clock on {_local_date(change)}, when this schedule has slots, and {habit}"
    return Refusal(dialect=dialect, reason=reason, fix=f"declare {native!r}, {_ELSEWHERE}" if native else _ELSEWHERE)


def refuse_lost_midnight(dialect: str, change: Change, timezone: str) -> Refusal:
    """Refuse because the dialect's search loses its way around a change at midnight or of a broken hour."""
    when = f"{timezone} changes its clock on {_local_date(change)}, at midnight or not by whole hours"
    return Refusal(dialect=dialect, reason=f"{when}, where its search misses or moves slots", fix=_ELSEWHERE)


def refuse_day_intersection(dialect: str, fields: CronFields) -> Refusal:
    """Refuse a day that has to match both fields, which few dialects can say."""
    days, weekdays = render_list(fields.days, DAY), render_list(fields.weekdays, WEEKDAY)
    return Refusal(
        dialect=dialect,
        reason=f"a day has to be in {days} of its month and in {weekdays} of its week, and it cannot require both",
        fix="restrict one of the two day fields only and let the handler return early on other days",
    )


def refuse_interval(dialect: str, interval: Interval) -> Refusal:
    """Refuse an interval that no daily or weekly pattern of whole minutes repeats."""
    too_fine = interval.every % timedelta(minutes=1) or (interval.start and interval.start.second)
    reason = (
        "it fires at whole minutes only" if too_fine else "only patterns that repeat each day or week can be written"
    )
    return Refusal(
        dialect=dialect,
        reason=f"every {interval.every} is not exact there: {reason}",
        fix="use whole minutes that divide a day (15 minutes, 6 hours), one week, or a Cron expression",
    )


def refuse_one_shot(dialect: str, one_shot: OneShot, *, exists: bool) -> Refusal:
    """Refuse a one-shot that the clock skips, or whose precision or kind the dialect lacks."""
    if not exists:
        reason, fix = (
            f"the local time {one_shot.at} is skipped and never comes",
            "declare skipped='shift' or another time",
        )
    else:
        reason, fix = (
            f"it cannot fire once at {one_shot.at}",
            "use whole seconds and a scheduler with one-time schedules",
        )
    return Refusal(dialect=dialect, reason=reason, fix=fix)


def _local_date(change: Change) -> str:
    return f"{moment(change.at + change.before):%Y-%m-%d}"
