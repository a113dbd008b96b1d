"""Schedules: EventBridge Scheduler fires to a gate's queue or, where no policy needs code, straight to the target."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from textwrap import shorten
from typing import Any, assert_never

from purista_serverless.adapters.aws import constants
from purista_serverless.adapters.aws.limits import MOST_TARGETS
from purista_serverless.adapters.aws.plan.draft import Draft
from purista_serverless.adapters.aws.plan.places import SCHEDULES, Places, bus_arn
from purista_serverless.adapters.aws.plan.resources import (
    Declared,
    Resource,
    Role,
    Rule,
    RuleTarget,
    Schedule,
    Statement,
    Sub,
    compact,
)
from purista_serverless.model import CommandTarget, EventTarget, QueueTarget
from purista_serverless.model import Schedule as Declaration
from purista_serverless.naming import slug
from purista_serverless.synth.static_content import static_content
from purista_serverless.topology import ScheduleEdge
from purista_serverless.topology.lookup import Lookup

# EventBridge Scheduler API Reference, RetryPolicy.
_SHORTEST_AGE = timedelta(minutes=1)
_LONGEST_AGE = timedelta(days=1)

# EventBridge Scheduler API Reference, CreateSchedule.
_LONGEST_DESCRIPTION = 512

_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def schedules_of(edge: ScheduleEdge, draft: Draft, places: Places) -> Iterator[Resource]:
    """Plan what fires a schedule: one resource per expression of Scheduler, and the role that sends.

    Nothing is planned for an expression that Scheduler cannot keep; the check refuses it.
    """
    declaration, translated = draft.schedules[edge.schedule], draft.translations.get(edge.schedule)
    if translated is None:
        return
    id, stack = places.edge_ids[edge.name], places.stacks[edge.name]
    dead_letter = places.dead_letter_id(edge.name)
    role = f"{id}Role"
    event = _event_of(edge)
    target = bus_arn(stack) if event is not None else places.queue_arn(_queue_of(edge), stack)
    declared = Declared(name=str(declaration.address), origin=declaration.origin)
    statements = tuple(_statements(event, target, dead_letter))
    yield Role(id=role, service="scheduler", statements=statements, declared=declared)
    for number, expression in enumerate(translated.expressions, 1):
        yield Schedule(
            id=id if number == 1 else f"{id}{number}",
            expression=expression,
            timezone=translated.timezone,
            is_enabled=declaration.enabled,
            target=target,
            role=role,
            dead_letter=dead_letter,
            input=compact(_input(edge, declaration, draft.lookup)),
            put_events=(event, source_of(declaration)) if event is not None else None,
            longest_age=_longest_age(edge, declaration),
            group=Sub(f"${{{SCHEDULES}}}"),
            description=shorten(declaration.description or declaration.name, _LONGEST_DESCRIPTION, placeholder="..."),
            declared=declared,
        )


def source_of(declaration: Declaration) -> str:
    """Give the ``Source`` of the events that a schedule sends without code."""
    return f"{constants.SOURCE_PREFIX}{slug(declaration.address.service)}"


def _event_of(edge: ScheduleEdge) -> str | None:
    """Give the event that a bus is sent; ``None`` if a queue is sent to."""
    is_direct = edge.consumer is None
    return edge.target.event if is_direct and isinstance(edge.target, EventTarget) else None


def _queue_of(edge: ScheduleEdge) -> str:
    """Give the edge whose queue is sent to."""
    if edge.consumer is not None:
        return f"{constants.GATE_EDGE}{edge.schedule}"
    match edge.target:
        case QueueTarget(queue=queue):
            return f"{constants.QUEUE_EDGE}{queue}"
        case CommandTarget():
            return f"{constants.CALL_EDGE}{edge.schedule}"
        case EventTarget():
            raise AssertionError(f"{edge.name} sends to the bus")
        case _:
            assert_never(edge.target)


def _statements(event: str | None, target: Sub, dead_letter: str) -> Iterator[Statement]:
    buried = Sub(f"${{{dead_letter}.Arn}}")
    if event is None:
        yield Statement(actions=("sqs:SendMessage",), resources=(target, buried))
    else:
        detail_type = ("StringEquals", "events:detail-type", (event,))
        yield Statement(actions=("events:PutEvents",), resources=(target,), condition=detail_type)
        yield Statement(actions=("sqs:SendMessage",), resources=(buried,))


def _input(edge: ScheduleEdge, declaration: Declaration, lookup: Lookup) -> dict[str, Any]:
    slot = {
        constants.MARK: constants.SLOT,
        "schedule": edge.schedule,
        "slot": constants.SCHEDULED_TIME,
    }
    return slot if edge.consumer is not None else {**slot, **static_content(declaration, lookup)}


def _longest_age(edge: ScheduleEdge, declaration: Declaration) -> int:
    """Give the seconds that Scheduler tries for; a gate judges itself what is too late."""
    wanted = _LONGEST_AGE if edge.consumer is not None else declaration.max_lateness
    return int(min(max(wanted, _SHORTEST_AGE), _LONGEST_AGE).total_seconds())


def knocks_of(gates: Sequence[ScheduleEdge], places: Places, lookup: Mapping[str, Declaration]) -> Iterator[Rule]:
    """Plan the knock at the gates of one stack after each deployment of it.

    A schedule that was changed, paused or resumed is noticed by its gate at the next knock, which a paused schedule
    would not get.
    """
    for number, start in enumerate(range(0, len(gates), MOST_TARGETS), 1):
        some = gates[start : start + MOST_TARGETS]
        first = lookup[some[0].schedule]
        yield Rule(
            id=f"DeploymentKnocks{number}",
            bus=None,
            pattern={
                "source": ("aws.cloudformation",),
                "detail-type": ("CloudFormation Stack Status Change",),
                "detail": {"stack-id": (Sub("${AWS::StackId}"),), "status-details": {"status": _DEPLOYED}},
            },
            targets=tuple(_knock(edge, places, f"gate{place}") for place, edge in enumerate(some, 1)),
            description="Knock at the gates of schedules after a deployment.",
            declared=Declared(name=str(first.address), origin=first.origin),
        )


def _knock(edge: ScheduleEdge, places: Places, id: str) -> RuleTarget:
    knock = {constants.MARK: constants.KNOCK, "schedule": edge.schedule}
    return RuleTarget(
        id=id,
        queue=places.queue_id(f"{constants.GATE_EDGE}{edge.schedule}"),
        dead_letter=places.dead_letter_id(edge.name),
        input=compact(knock),
    )
