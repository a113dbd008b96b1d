"""Bit sets back to text, in the part of the cron grammar that every dialect reads alike.

Steps are written for minutes and hours only, and only where they begin at zero and divide the hour or the day; days
and months become lists, because dialects disagree about what a step there means for the rule that joins the two day
fields.
"""

from datetime import UTC, datetime, timedelta

from purista_serverless.schedule.cron import DAY, HOUR, MINUTE, MONTH, WEEKDAY, CronFields, Field, values_of
from purista_serverless.schedule.expressions import Interval

_MINUTE = timedelta(minutes=1)
_DAY_MINUTES = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render_list(bits: int, field: Field) -> str:
    """Write a bit set as ``*`` or as a list of values and ranges.

    Example:
        >>> render_list(0b10111110, DAY)
        '1-5,7'
    """
    if bits == field.all_bits:
        return "*"
    runs: list[list[int]] = []
    for value in values_of(bits):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def render_clock(bits: int, field: Field, *, origin: str = "*") -> str:
    """Write minutes or hours, as a step from zero where they are one.

    Example:
        >>> render_clock(sum(1 << minute for minute in range(0, 60, 15)), MINUTE)
        '*/15'
    """
    values = values_of(bits)
    size = field.high + 1
    if 2 < len(values) < size and size % len(values) == 0 and values == tuple(range(0, size, size // len(values))):
        return f"{origin}/{size // len(values)}"
    return render_list(bits, field)


def render_five(fields: CronFields) -> str:
    """Write the five fields of Unix cron; a day field that restricts nothing becomes ``*``.

    Example:
        >>> from purista_serverless.schedule.cron import parse_cron
        >>> render_five(parse_cron("0 9 * jan-mar MON-FRI/2"))
        '0 9 * 1-3 1,3,5'
    """
    every_day = fields.day_rule == "every"
    return " ".join(
        (
            render_clock(fields.minutes, MINUTE),
            render_clock(fields.hours, HOUR),
            "*" if every_day else render_list(fields.days, DAY),
            render_list(fields.months, MONTH),
            "*" if every_day else render_list(fields.weekdays, WEEKDAY),
        )
    )


def interval_fields(interval: Interval) -> tuple[CronFields, ...]:
    """Express an interval as cron in UTC: one or more, or none when it does not repeat each day or week.

    Example:
        >>> [render_five(fields) for fields in interval_fields(Interval(timedelta(minutes=90)))]
        ['0 */3 * * *', '30 1,4,7,10,13,16,19,22 * * *']
    """
    anchor = _EPOCH if interval.start is None else interval.start.astimezone(UTC)
    every, rest = divmod(interval.every, _MINUTE)
    first, phase_rest = divmod(anchor - _EPOCH, _MINUTE)
    if rest or phase_rest:
        return ()
    if every == 7 * _DAY_MINUTES:
        return (_daily(1 << first // 60 % 24, 1 << first % 60, weekdays=1 << anchor.isoweekday() % 7),)
    if _DAY_MINUTES % every:
        return ()
    minutes_by_hour: dict[int, int] = {}
    for moment in range(first % every, _DAY_MINUTES, every):
        minutes_by_hour[moment // 60] = minutes_by_hour.get(moment // 60, 0) | 1 << moment % 60
    hours_by_minutes: dict[int, int] = {}
    for hour, minutes in minutes_by_hour.items():
        hours_by_minutes[minutes] = hours_by_minutes.get(minutes, 0) | 1 << hour
    return tuple(_daily(hours, minutes) for minutes, hours in hours_by_minutes.items())


def _daily(hours: int, minutes: int, weekdays: int = WEEKDAY.all_bits) -> CronFields:
    return CronFields(
        minutes=minutes, hours=hours, days=DAY.all_bits, months=MONTH.all_bits, weekdays=weekdays, either=False
    )
