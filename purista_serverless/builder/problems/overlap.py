"""Schedules whose runs must not overlap: what they start must be able to end, and to start again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from purista_serverless.builder.declarations import Declarations
from purista_serverless.builder.handles import Event, Queue
from purista_serverless.builder.problems.report import problem_at
from purista_serverless.builder.schedules import BindingDeclaration, ScheduleDeclaration
from purista_serverless.builder.tracking import idempotency_of
from purista_serverless.errors import DeclarationError, Problem
from purista_serverless.message.wire import parse_json
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.schema import codec_of, resolve_path, value_at


def check_overlap(declarations: Declarations) -> Iterator[Problem]:
    """Find schedules under ``forbid`` or ``replace`` whose runs could never end, or never start again."""
    for schedule in declarations.schedules:
        if schedule.concurrency_policy in {"forbid", "replace"}:
            yield from _endless_runs(schedule, declarations)
        if schedule.concurrency_policy == "replace":
            yield from _constant_keys(schedule, declarations)


def _endless_runs(schedule: ScheduleDeclaration, declarations: Declarations) -> Iterator[Problem]:
    for queue in declarations.queues_reached(schedule):
        if queue.is_external:
            policy = f"concurrency_policy={schedule.concurrency_policy!r}"
            what = f"{policy} waits for jobs of {queue.name!r}, whose end only another system knows"
            fix = "use concurrency_policy='allow', or work the queue in this application"
            yield problem_at("PS155", schedule, what, fix)


def _constant_keys(schedule: ScheduleDeclaration, declarations: Declarations) -> Iterator[Problem]:
    for queue, source in _strict_keys(schedule, declarations):
        try:
            keys = [_key_of(schedule, source, slot) for slot in _two_slots(schedule)]
        except (DeclarationError, KeyError, ValueError, TypeError, AttributeError):
            # Whatever is wrong with expression, payload or path has a problem of its own.
            continue
        if len(keys) == 2 and keys[0] == keys[1]:
            what = f"two slots in a row have the key {keys[0]!r}, which strict queue {queue.name!r} takes only once"
            fix = "take a key that differs from slot to slot, or use concurrency_policy='forbid'"
            yield problem_at("PS156", schedule, f"{what}: a run would be replaced by none", fix)


def _strict_keys(
    schedule: ScheduleDeclaration, declarations: Declarations
) -> Iterator[tuple[Queue[Any, Any], Callable[[Any], Any] | str]]:
    match schedule.target:
        case Queue() as queue:
            if idempotency_of(queue, declarations) == "strict" and schedule.idempotency_key is not None:
                yield queue, schedule.idempotency_key
        case Event() as event:
            for binding in declarations.bindings:
                source = _binding_key(binding, schedule)
                if binding.event.name == event.name and binding.idempotency_mode == "strict" and source is not None:
                    yield binding.queue, source
        case _:
            return


def _binding_key(binding: BindingDeclaration, schedule: ScheduleDeclaration) -> Callable[[Any], Any] | str | None:
    """Give what makes the key of a bound job; a function of the whole message cannot be asked here."""
    if binding.idempotency_key == "messageId":
        return schedule.idempotency_key
    return binding.idempotency_key if isinstance(binding.idempotency_key, str) else None


def _two_slots(schedule: ScheduleDeclaration) -> list[datetime]:
    occurrences = Occurrences(schedule.expression, schedule.timezone, schedule.dst)
    zone = ZoneInfo(schedule.timezone)
    return [slot.astimezone(zone) for slot in islice(occurrences.after(datetime.now(UTC)), 2)]


def _key_of(schedule: ScheduleDeclaration, source: Callable[[Any], Any] | str, slot: datetime) -> str | None:
    payload = schedule.payload(slot) if callable(schedule.payload) else schedule.payload
    if callable(source):
        return str(source(payload))
    codec = codec_of(schedule.target.payload)
    found = value_at(parse_json(codec.dump_json(payload)), resolve_path(codec.type, source))
    return None if found is None else str(found)
