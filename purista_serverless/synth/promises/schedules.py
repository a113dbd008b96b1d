"""Promises of schedules: when, where on earth, and what happens to runs that overlap or were missed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from purista_serverless.adapter import load_object
from purista_serverless.errors import InvalidPayload
from purista_serverless.model import CommandTarget, EventTarget, QueueTarget, Schedule
from purista_serverless.schedule import Cron, DstPolicy, Interval, Knocks, OneShot, Refusal, Translation
from purista_serverless.schema import codec_of
from purista_serverless.synth.figures import duration_text, limit_text, size_text
from purista_serverless.synth.promises.promise import Case, Promise, needs_ledger
from purista_serverless.synth.verdicts import Emulated, Native, Refused, Verdict

if TYPE_CHECKING:
    from purista_serverless.adapter import ScheduleKind

_KIND_NAMES: dict["ScheduleKind", str] = {"cron": "cron", "interval": "interval", "oneShot": "one-shot"}


def judge_cron(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge a cron expression."""
    return _judge_kind(schedule, case, "cron") if isinstance(schedule.expression, Cron) else None


def judge_interval(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge an interval, which no restart or deployment may move."""
    return _judge_kind(schedule, case, "interval") if isinstance(schedule.expression, Interval) else None


def judge_one_shot(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge a single instant."""
    return _judge_kind(schedule, case, "oneShot") if isinstance(schedule.expression, OneShot) else None


def _judge_kind(schedule: Schedule, case: Case, kind: "ScheduleKind") -> Verdict:
    if kind not in case.provider.schedule_kinds:
        return Refused(
            why=f"the provider's clock takes no {_KIND_NAMES[kind]} expression",
            fix=f"write it as {_known_kinds(case)}, or choose an adapter whose clock takes it",
        )
    # In UTC no clock changes, so that what is refused here is refused for the expression's own sake.
    translated = _translate(schedule, case, "UTC", DstPolicy())
    match translated:
        case None:
            return Native()
        case Translation(expressions=expressions):
            return Native(how=", ".join(expressions))
        case Knocks(how=how):
            return Emulated(how=how)
        case Refusal():
            return _refused(translated, case)


def _refused(refusal: Refusal, case: Case) -> Refused:
    source = case.provider.clock_source
    return Refused(why=refusal.reason if source is None else f"{refusal.reason} ({source})", fix=refusal.fix)


def _known_kinds(case: Case) -> str:
    return " or ".join(_KIND_NAMES[kind] for kind in case.provider.schedule_kinds)


def judge_slot(_schedule: Schedule, case: Case) -> Verdict | None:
    """Judge whether a run knows which slot it is for; a clock that fires our expressions itself is asked nothing."""
    if case.provider.slots or case.provider.dialect is None:
        return None
    return Emulated(how="the slot is the newest one at or before the time at which the clock fired")


def judge_time_zone(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge whether wall-clock times are those of the schedule's zone."""
    if schedule.timezone == "UTC" or isinstance(schedule.expression, Interval):
        return None
    if case.provider.time_zones:
        return Native()
    return Refused(
        why=f"times are those of {schedule.timezone}, and the provider's clock knows UTC only",
        fix="declare timezone='UTC', or choose an adapter whose clock knows time zones",
    )


def judge_clock_changes(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge what happens at skipped and repeated local times."""
    if schedule.timezone == "UTC" or not isinstance(schedule.expression, Cron):
        return None
    if isinstance(_translate(schedule, case, "UTC", DstPolicy()), Refusal | Knocks):
        return None
    translated = _translate(schedule, case, schedule.timezone, schedule.dst)
    match translated:
        case Refusal():
            return _refused(translated, case)
        case Translation():
            return Native()
        case Knocks(how=how):
            return Emulated(how=how)
        case None:
            return _judge_own_policy(schedule, case)


def _judge_own_policy(schedule: Schedule, case: Case) -> Verdict:
    policy = case.provider.dst
    if policy is None or policy == schedule.dst:
        return Native()
    return Refused(
        why=f"{schedule.dst!r} is declared, and the provider's clock follows {policy!r}",
        fix=f"declare dst={policy!r}",
    )


def _translate(schedule: Schedule, case: Case, timezone: str, dst: DstPolicy) -> Translation | Knocks | Refusal | None:
    if case.adapter.translator is None:
        return None
    translated: Translation | Knocks | Refusal = load_object(case.adapter.translator)(
        schedule.expression, timezone, dst
    )
    return translated


def judge_overlap(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge the overlap policy."""
    if schedule.concurrency == "allow":
        return None
    if schedule.concurrency in case.provider.overlap:
        return Native()
    gate = Emulated(how="the gate knows which runs are open")
    return needs_ledger(case, f"concurrency_policy='{schedule.concurrency}'") or gate


def judge_missed_runs(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge the missed-run policy."""
    if schedule.missed_runs == "skip":
        return None
    if schedule.missed_runs in case.provider.missed_runs:
        return Native()
    gate = Emulated(how="the gate makes up for them when it is next knocked at")
    return needs_ledger(case, f"missed_run_policy='{schedule.missed_runs}'") or gate


def judge_jitter(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge whether starts are spread over the jitter window."""
    if schedule.jitter is None:
        return None
    row = case.provider.limit("jitter", "schedule")
    if row is None or schedule.jitter <= timedelta(seconds=row.value):
        return Native()
    return Refused(
        why=f"a jitter of {duration_text(schedule.jitter)} is declared, and the provider's limit is {limit_text(row)}",
        fix="spread the starts by different expressions, or drop jitter",
    )


def judge_payload(schedule: Schedule, case: Case) -> Verdict | None:
    """Judge whether a static payload fits; a computed one is sent by the gate, on its target's edge."""
    row = case.provider.limit("payload", "schedule")
    if schedule.payload is None or callable(schedule.payload) or row is None:
        return None
    size = _size_of(schedule, case)
    if size is None or size <= row.value:
        return Native()
    return Refused(
        why=f"the payload has {size_text(size)}, and the limit of a schedule's is {limit_text(row)}",
        fix="send a reference instead, or compute the payload from the slot",
    )


def _size_of(schedule: Schedule, case: Case) -> int | None:
    try:
        return len(codec_of(_payload_type(schedule, case)).dump_json(schedule.payload))
    except InvalidPayload:
        # A payload of another type is a mistake in the declaration, told when the application is made.
        return None


def _payload_type(schedule: Schedule, case: Case) -> object:
    match schedule.target:
        case EventTarget(event=event):
            return case.lookup.events[event].payload
        case QueueTarget(queue=queue):
            return case.lookup.queues[queue].payload
        case CommandTarget(command=command):
            return case.lookup.commands[command].payload


SCHEDULE_PROMISES: tuple[Promise[Schedule], ...] = (
    Promise(name="cron", code="PS241", meaning="a cron expression fires at its wall-clock times", rule=judge_cron),
    Promise(name="interval", code="PS242", meaning="an interval fires at its multiples", rule=judge_interval),
    Promise(name="one-shot", code="PS243", meaning="a single instant fires once", rule=judge_one_shot),
    Promise(name="time-zone", code="PS244", meaning="wall-clock times are the zone's", rule=judge_time_zone),
    Promise(
        name="clock-changes",
        code="PS245",
        meaning="skipped and repeated local times are treated as `dst` says",
        rule=judge_clock_changes,
    ),
    Promise(
        name="overlap", code="PS246", meaning="runs overlap only where `concurrency_policy` allows", rule=judge_overlap
    ),
    Promise(
        name="missed-runs",
        code="PS247",
        meaning="missed slots are treated as `missed_run_policy` says",
        rule=judge_missed_runs,
    ),
    Promise(name="jitter", code="PS248", meaning="starts are spread over `jitter`", rule=judge_jitter),
    Promise(
        name="schedule-payload", code="PS249", meaning="the static payload fits the schedule's edge", rule=judge_payload
    ),
    Promise(name="slot", code="PS250", meaning="a run is identified by its slot", rule=judge_slot),
)
