"""When other schedulers fire: one evaluator per dialect, written from its documentation.

Independent on purpose: nothing here imports the package. An evaluator reads the text of an expression, lists the local
times that it selects, and turns them into instants (seconds since the epoch) by the dialect's own rule for clock
changes. Most days have one offset, where all dialects agree; the rule is asked on the days around a change only.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from croniter import croniter

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The local times of one expression: times of day in minutes, and a rule for days."""

    text: str
    times: tuple[int, ...]
    has_day: Callable[[date], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firings:
    """What certainly fires, and what may or may not fire according to the documentation."""

    certain: frozenset[int]
    uncertain: frozenset[int] = frozenset()


class Clock:
    """A zone's offsets over some years: days with one offset, and runs of days around a change."""

    def __init__(self, name: str, first: date, last: date) -> None:
        self.zone = ZoneInfo(name)
        self.first, self.last = first.toordinal(), last.toordinal()
        self.plain: dict[int, int] = {}
        for day in range(self.first, self.last + 1):
            # Two days on either side: a skipped day of the date line is longer than one.
            offsets = {self.offset((day - EPOCH_ORDINAL) * DAY + hour * 3600) for hour in range(-48, 72)}
            if len(offsets) == 1:
                self.plain[day] = offsets.pop()

    @cache  # noqa: B019 -- clocks live as long as the test run
    def offset(self, at: int) -> int:
        """Give the offset at an instant, in seconds."""
        offset = (EPOCH + timedelta(seconds=at)).astimezone(self.zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())

    def runs(self) -> Iterator[range]:
        """List the runs of days that are not plain."""
        start = None
        for day in range(self.first, self.last + 2):
            is_odd = day <= self.last and day not in self.plain
            if is_odd and start is None:
                start = day
            elif not is_odd and start is not None:
                yield range(start, day)
                start = None

    def instants(self, wall: int) -> tuple[int, ...]:
        """List the instants at which the clock shows a local time: none, one or two."""
        candidates = {wall - self.offset(wall + shift) for shift in (-2 * DAY, 0, 2 * DAY)}
        return tuple(sorted(at for at in candidates if at + self.offset(at) == wall))

    def as_before_gap(self, wall: int) -> int:
        """Read a skipped local time as if the clock had not changed."""
        return wall - self.offset(wall - 2 * DAY)


@cache
def clock(name: str, first: date, last: date) -> Clock:
    """Give a zone's clock, made once."""
    return Clock(name, first, last)


@cache
def selected_days(pattern: Pattern, first: int, last: int) -> frozenset[int]:
    """List the ordinals of the days that a pattern selects."""
    return frozenset(day for day in range(first, last + 1) if pattern.has_day(date.fromordinal(day)))


def walls(pattern: Pattern, days: Iterable[int], on: Clock) -> list[int]:
    """List the local times of a pattern on some days, in seconds since the epoch."""
    selected = selected_days(pattern, on.first, on.last)
    return [
        (day - EPOCH_ORDINAL) * DAY + minute * 60 for day in sorted(days) if day in selected for minute in pattern.times
    ]


def fire_on_plain_days(pattern: Pattern, on: Clock) -> set[int]:
    """Fire on the days with one offset, where nothing can be misunderstood."""
    selected = selected_days(pattern, on.first, on.last)
    return {
        (day - EPOCH_ORDINAL) * DAY - offset + minute * 60
        for day, offset in on.plain.items()
        if day in selected
        for minute in pattern.times
    }


# Reading expressions


@cache
def read_values(text: str, low: int, high: int) -> frozenset[int]:
    """Read a list of values, ranges and steps; ``*`` and ``a/n`` run to the end of the field."""
    values: set[int] = set()
    for item in text.split(","):
        body, _, step = item.partition("/")
        first, _, last = body.partition("-")
        start, end = (low, high) if body == "*" else (int(first), int(last or (high if step else first)))
        assert low <= start <= end <= high, text
        values.update(range(start, end + 1, int(step or 1)))
    return frozenset(values)


def _times(minutes: str, hours: str) -> tuple[int, ...]:
    return tuple(sorted(h * 60 + m for h in read_values(hours, 0, 23) for m in read_values(minutes, 0, 59)))


@cache
def read_aws(text: str) -> Pattern:
    """Read ``cron(minutes hours day-of-month month day-of-week year)``.

    docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html: six fields, day of week 1-7 from Sunday,
    one of the two day fields is ``?``, ``a/n`` counts from ``a``.
    """
    assert len(text) <= 256
    assert text.startswith("cron(")
    assert text.endswith(")")
    minutes, hours, days, months, weekdays, years = text[5:-1].split()
    assert years == "*"
    assert [days, weekdays].count("?") == 1, text
    month_set = read_values(months, 1, 12)

    def has_day(day: date) -> bool:
        if weekdays == "?":
            return day.month in month_set and day.day in read_values(days, 1, 31)
        return day.month in month_set and day.isoweekday() % 7 + 1 in read_values(weekdays, 1, 7)

    return Pattern(text=text, times=_times(minutes, hours), has_day=has_day)


@cache
def read_unix(text: str) -> Pattern:
    """Read five fields where the two day fields are joined by *or* unless one is ``*``.

    cloud.google.com/scheduler/docs/configuring/cron-job-schedules, and crontab(5), which the documentation of
    Kubernetes refers to ("CronJob", schedule syntax).
    """
    minutes, hours, days, months, weekdays = text.split()
    # A step behind a star is read in two ways by cron implementations, so that no translation may rely on it.
    assert "/" not in days + months + weekdays, text
    month_set, day_set = read_values(months, 1, 12), read_values(days, 1, 31)
    weekday_set = {value % 7 for value in read_values(weekdays, 0, 7)}

    def has_day(day: date) -> bool:
        by_month, by_week = day.day in day_set, day.isoweekday() % 7 in weekday_set
        joined = by_month and by_week if "*" in (days, weekdays) else by_month or by_week
        return day.month in month_set and joined

    return Pattern(text=text, times=_times(minutes, hours), has_day=has_day)


@cache
def read_temporal(text: str) -> Pattern:
    """Read five fields, all of which have to match.

    docs.temporal.io "Schedule", and temporal.api.schedule.v1.CalendarSpec: a time matches when every field matches.
    """
    minutes, hours, days, months, weekdays = text.split()
    month_set, day_set = read_values(months, 1, 12), read_values(days, 1, 31)
    weekday_set = {value % 7 for value in read_values(weekdays, 0, 7)}

    def has_day(day: date) -> bool:
        return day.month in month_set and day.day in day_set and day.isoweekday() % 7 in weekday_set

    return Pattern(text=text, times=_times(minutes, hours), has_day=has_day)


# Firing


def fire_aws(text: str, on: Clock) -> Firings:
    """Fire as EventBridge Scheduler: a skipped time is skipped, a repeated one runs once.

    docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, "Daylight savings time".
    """
    pattern = read_aws(text)
    odd = {at for run in on.runs() for wall in walls(pattern, run, on) for at in on.instants(wall)[:1]}
    return Firings(certain=frozenset(fire_on_plain_days(pattern, on) | odd))


def fire_google(text: str, on: Clock) -> Firings:
    """Fire as Cloud Scheduler: times that are skipped or repeated may run unexpectedly or not.

    cloud.google.com/scheduler/docs/configuring/cron-job-schedules, "Time zone".
    """
    return _fire_undefined(read_unix(text), on, extra=0)


def fire_temporal(text: str, on: Clock) -> Firings:
    """Fire as a Temporal schedule: near a change it may run zero, one or two times.

    docs.temporal.io warns so for times within the transition. Observed on server 1.32 besides: in Europe a time in the
    hour before the repeated one may fire again within it, see ``TEMPORAL_OBSERVED`` in ``test_translations``.
    """
    return _fire_undefined(read_temporal(text), on, extra=3600)


def _fire_undefined(pattern: Pattern, on: Clock, *, extra: int) -> Firings:
    certain, uncertain = fire_on_plain_days(pattern, on), set[int]()
    for wall in (wall for run in on.runs() for wall in walls(pattern, run, on)):
        instants = on.instants(wall)
        is_repeated_soon = len(on.instants(wall + extra)) == 2
        if len(instants) == 1 and not is_repeated_soon:
            certain.update(instants)
        else:
            uncertain.update(instants or (on.as_before_gap(wall),))
    return Firings(certain=frozenset(certain), uncertain=frozenset(uncertain))


def fire_kubernetes(text: str, on: Clock) -> Firings:
    """Fire as the CronJob controller, which asks robfig/cron v3 for the time after the last one.

    pkg.go.dev/github.com/robfig/cron/v3: times within a leap ahead are not run. The rest follows from how it searches:
    in calendar steps down to the day, in elapsed hours and minutes below.
    """
    pattern = read_unix(text)
    minutes, hours, _, months, _ = text.split()
    search = _GoSearch(
        on, pattern.has_day, read_values(minutes, 0, 59), read_values(hours, 0, 23), read_values(months, 1, 12)
    )
    return Firings(certain=frozenset(_search_near_changes(pattern, on, search.next_after)))


def fire_airflow(text: str, on: Clock) -> Firings:
    """Fire as Airflow's ``CronTriggerTimetable`` with catchup, on the real croniter.

    airflow.apache.org "Timetables", and CronMixin of Airflow 3: the next time is found on the naive wall clock; a cron
    that runs in each hour adds the difference as elapsed time, any other is localised with ``fold=1``.
    """
    every_hour = croniter(text).expanded[1] == ["*"]

    def next_after(at: int) -> int:
        wall = at + on.offset(at)
        found = int(croniter(text, wall).get_next(float))
        if every_hour:
            return at + found - wall
        instants = on.instants(found)
        return instants[-1] if instants else on.as_before_gap(found)

    return Firings(certain=frozenset(_search_near_changes(read_unix(text), on, next_after)))


def _search_near_changes(pattern: Pattern, on: Clock, next_after: Callable[[int], int]) -> set[int]:
    """Follow a search from the last firing before each run of odd days until it is past the run."""
    fired = fire_on_plain_days(pattern, on)
    for run in on.runs():
        start, end = (
            (day - EPOCH_ORDINAL) * DAY - on.offset((day - EPOCH_ORDINAL) * DAY) for day in (run[0], run[-1] + 1)
        )
        before = [at for at in fired if at < start]
        # Without an earlier firing the search begins on New Year's Day, as if the job had been made then.
        at = max(before) if before else (on.first - EPOCH_ORDINAL) * DAY - on.plain[on.first] - 60
        after = min((moment for moment in fired if moment >= end), default=None)
        found = set[int]()
        while (at := next_after(at)) < end:
            found.add(at)
        # The first time after the run must be the expected one, or the change has lasting effects.
        if after is not None and at != after:
            found.add(at)
        fired |= found
    return fired


class _GoSearch:
    """A search for the next matching minute that steps as robfig/cron does, on Go's calendar arithmetic."""

    def __init__(
        self,
        on: Clock,
        has_day: Callable[[date], bool],
        minutes: frozenset[int],
        hours: frozenset[int],
        months: frozenset[int],
    ) -> None:
        self._on, self._has_day = on, has_day
        self._minutes, self._hours, self._months = minutes, hours, months

    def next_after(self, at: int) -> int:
        """Find the next firing after a firing, which is on a whole minute."""
        at = at - at % 60 + 60
        while (better := self._step(at)) is not None:
            at = better
        return at

    def _step(self, at: int) -> int | None:
        local = self._local(at)
        if local.month not in self._months:
            return self._calendar(local, months=1)
        if not self._has_day(local.date()):
            moved = self._calendar(local, days=1)
            hour = self._local(moved).hour
            return moved if hour == 0 else moved + (24 - hour if hour > 12 else -hour) * 3600
        if local.hour not in self._hours:
            return at + 3600
        return at + 60 if local.minute not in self._minutes else None

    def _local(self, at: int) -> datetime:
        return EPOCH + timedelta(seconds=at + self._on.offset(at))

    def _calendar(self, local: datetime, *, months: int = 0, days: int = 0) -> int:
        year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
        moved = local.replace(year=year, month=month + 1, day=1) + timedelta(days=local.day - 1 + days)
        wall = int((moved - EPOCH).total_seconds())
        # time.Date guesses the offset from the local time taken as UTC, and corrects the guess once.
        guess = self._on.offset(wall)
        at = wall - guess
        return at if self._on.offset(at) == guess else wall - self._on.offset(at)


FIRE: dict[str, Callable[[str, Clock], Firings]] = {
    "airflow": fire_airflow,
    "aws": fire_aws,
    "google": fire_google,
    "kubernetes": fire_kubernetes,
    "temporal": fire_temporal,
}
