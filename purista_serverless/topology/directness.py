"""Which bindings and schedules need no code of ours between source and target.

Topology says that an edge may be direct; whether a provider can carry it is decided by the provider's plan.
"""

from typing import assert_never

from purista_serverless.model import Binding, CommandTarget, EventTarget, QueueTarget, Schedule
from purista_serverless.schedule.cron import parse_cron
from purista_serverless.schedule.expressions import Cron, Expression, Interval, OneShot
from purista_serverless.topology.lookup import Lookup


def is_direct_binding(binding: Binding, lookup: Lookup) -> bool:
    """Say whether an event can become the job as it is.

    It cannot when something has to be computed (a mapping, a filter, a key, an order, a claim), when a schedule waits
    for the job, or when the queue's consumer is another system, which expects a job and not an event.
    """
    queue, event = lookup.queues[binding.queue], lookup.events[binding.event]
    computes = (
        binding.map_payload is not None
        or binding.map_parameter is not None
        or binding.accepts is not None
        or queue.ordering_key is not None
    )
    # Whoever shapes the job on the way sees the event alone, and gives it the event's own key.
    claims = binding.idempotency_mode == "strict" or binding.idempotency_key != "messageId"
    return not (
        computes
        or claims
        or lookup.is_strict(binding.queue)
        or lookup.guards_of_event(binding.event)
        or queue.external
        or event.payload is not queue.payload
    )


def is_direct_schedule(schedule: Schedule, lookup: Lookup) -> bool:
    """Say whether a provider's clock can do all that the schedule promises.

    It cannot when runs must be counted or caught up, when a start is spread over time, when what is sent has to be
    computed from the slot, or when clocks write the slots down as more than the slots.
    """
    is_static = not (callable(schedule.payload) or callable(schedule.parameter) or callable(schedule.idempotency_key))
    return (
        is_static
        and schedule.concurrency == "allow"
        and schedule.missed_runs == "skip"
        and schedule.jitter is None
        and not _clock_needs_code(schedule.expression)
        and not _target_needs_code(schedule, lookup)
    )


def _clock_needs_code(expression: Expression) -> bool:
    """Say whether a gate has to drop what fires twice or before its time (see ``schedule.dialects``)."""
    match expression:
        case Cron(value=value):
            return parse_cron(value).day_rule == "either"
        case Interval(start=start):
            return start is not None
        case OneShot():
            return False
        case _:
            assert_never(expression)


def _target_needs_code(schedule: Schedule, lookup: Lookup) -> bool:
    match schedule.target:
        case QueueTarget(queue=name):
            queue = lookup.queues[name]
            return lookup.is_strict(name) or queue.external or queue.ordering_key is not None
        case EventTarget() | CommandTarget():
            return False
        case _:
            assert_never(schedule.target)
