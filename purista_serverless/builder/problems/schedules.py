"""Schedules: expression, zone, numbers, and what they send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from purista_serverless.builder.declarations import UNKNOWN, Declarations, Part, type_of
from purista_serverless.builder.problems.edges import key_problems
from purista_serverless.builder.problems.report import problem_at, split_error
from purista_serverless.builder.schedules import ScheduleDeclaration
from purista_serverless.errors import CronSyntaxError, DeclarationError, InvalidPayload, Problem, UnknownTimezone
from purista_serverless.naming import did_you_mean
from purista_serverless.schedule.expressions import Cron, DstPolicy, Interval, OneShot
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.schema.codec import codec_of, name_of

_CHOICES = {
    "concurrency_policy": ("allow", "forbid", "replace"),
    "missed_run_policy": ("skip", "runOnce", "catchUp", "backfill"),
}


def check_schedules(declarations: Declarations) -> Iterator[Problem]:
    """Find schedules that say when or what in a way that cannot be."""
    for schedule in declarations.schedules:
        yield from _choice_problems(schedule)
        yield from _number_problems(schedule)
        occurrences = _occurrences(schedule)
        if isinstance(occurrences, Problem):
            yield occurrences
        else:
            yield from _sent_problems(schedule, _sample_slot(occurrences, ZoneInfo(schedule.timezone)))
            yield from key_problems(schedule, schedule.target, schedule.idempotency_key)


def _choice_problems(schedule: ScheduleDeclaration) -> Iterator[Problem]:
    for name, known in _CHOICES.items():
        given = getattr(schedule, name)
        if given not in known:
            hint = did_you_mean(str(given), known) or f"use one of {', '.join(known)}"
            yield problem_at("PS152", schedule, f"{name} knows no {given!r}", hint)
    if not isinstance(schedule.dst, DstPolicy):
        yield problem_at("PS152", schedule, f"dst is no DstPolicy: {schedule.dst!r}", "use dst=DstPolicy(skipped=...)")


def _number_problems(schedule: ScheduleDeclaration) -> Iterator[Problem]:
    nothing = timedelta()
    if schedule.max_catch_up_count < 1:
        what = f"max_catch_up_count is {schedule.max_catch_up_count}"
        yield problem_at("PS154", schedule, what, "use at least 1, or missed_run_policy='skip'")
    if schedule.max_lateness < nothing:
        yield problem_at("PS154", schedule, f"max_lateness is {schedule.max_lateness}", "use a duration from 0 up")
    for name in ("jitter", "run_timeout"):
        given = getattr(schedule, name)
        if given is not None and given <= nothing:
            yield problem_at("PS154", schedule, f"{name} is {given}", "use a positive duration, or leave it out")


def _occurrences(schedule: ScheduleDeclaration) -> Occurrences | Problem:
    if not isinstance(schedule.expression, Cron | Interval | OneShot):
        what = f"expression is {schedule.expression!r}"
        return problem_at("PS150", schedule, what, "use Cron('0 2 1 * *'), Interval(timedelta(...)) or OneShot(...)")
    try:
        return Occurrences(schedule.expression, schedule.timezone, schedule.dst)
    except CronSyntaxError as error:
        return problem_at("PS150", schedule, f"{error.text!r}: {error.problem}", error.fix)
    except UnknownTimezone as error:
        return problem_at("PS151", schedule, *split_error(error))


def _sample_slot(occurrences: Occurrences, zone: ZoneInfo) -> datetime | None:
    now = datetime.now(UTC)
    slot = occurrences.next_after(now) or occurrences.previous(now)
    return None if slot is None else slot.astimezone(zone)


def _sent_problems(schedule: ScheduleDeclaration, slot: datetime | None) -> Iterator[Problem]:
    parts: tuple[Part, ...] = ("payload", "parameter")
    for part in parts:
        declared = UNKNOWN if slot is None else type_of(schedule.target, part)
        if declared is UNKNOWN:
            continue
        given = getattr(schedule, part)
        try:
            value = given(slot) if callable(given) else given
        except Exception as error:  # noqa: BLE001 - the function is the user's code
            what = f"the {part} function fails for the next slot: {type(error).__name__}: {error}"
            yield problem_at("PS153", schedule, what, f"give a {part} for every slot; a slot without one never starts")
            continue
        problem = _misfit(schedule, part, declared, value)
        if problem is not None:
            yield problem


def _misfit(schedule: ScheduleDeclaration, part: Part, declared: Any, value: Any) -> Problem | None:
    target = f"{schedule.target.kind} {schedule.target.name!r}"
    if value is None and declared is not None:
        what = f"{target} takes the {part} {name_of(declared)}, but the schedule gives none"
        return problem_at("PS153", schedule, what, f"give {part}=..., a value or a function of the slot")
    try:
        codec_of(declared).dump_json(value, part)
    except InvalidPayload as error:
        findings = "; ".join(f"{found['path'] or part}: {found['message']}" for found in error.problems)
        what = f"the {part} for {target} is not valid: {findings}"
        return problem_at("PS153", schedule, what, f"give a {name_of(declared)}, or a function of the slot that does")
    except DeclarationError:
        # A type that cannot travel at all is reported where it is declared.
        return None
    return None
