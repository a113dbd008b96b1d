"""Schedules: Cloud Scheduler publishes to a gate's topic or, where no policy needs code, to the target's own."""

from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import assert_never

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.limits import MOST_RETRIES
from purista_serverless.adapters.gcp.plan.clock import translate
from purista_serverless.adapters.gcp.plan.draft import Draft
from purista_serverless.adapters.gcp.plan.names import job_name
from purista_serverless.adapters.gcp.plan.resources import Job, compact
from purista_serverless.model import CommandTarget, EventTarget, QueueTarget, Schedule
from purista_serverless.schedule import Refusal
from purista_serverless.synth.static_content import static_content
from purista_serverless.topology import ScheduleEdge

# Cloud Scheduler API reference, Job.
_LONGEST_DESCRIPTION = 500


def jobs_of(edge: ScheduleEdge, draft: Draft) -> Iterator[Job]:
    """Plan what fires a schedule: one job per expression of Cloud Scheduler.

    Nothing is planned for an expression that Cloud Scheduler cannot keep; the check refuses it.
    """
    declaration = draft.schedules[edge.schedule]
    translated = translate(declaration.expression, declaration.timezone, declaration.dst)
    if isinstance(translated, Refusal):
        return
    key, id = _key_of(edge), draft.places.edge_ids[edge.name].removesuffix("_schedule")
    for number, expression in enumerate(translated.expressions, 1):
        yield Job(
            id=f"job_{id}" if number == 1 else f"job_{id}__{number}",
            name=job_name(edge.schedule, number),
            schedule=edge.schedule,
            description=shorten(declaration.description or declaration.name, _LONGEST_DESCRIPTION, placeholder="..."),
            cron=expression,
            timezone=translated.timezone,
            topic=draft.places.topic_id(key),
            data=compact(_data(edge, declaration, draft)),
            attributes=tuple(sorted(_attributes(edge, key, declaration).items())),
            is_enabled=declaration.enabled or _sees_pauses(edge, declaration),
            retries=MOST_RETRIES,
            declared=draft.declared(edge),
        )


def _sees_pauses(edge: ScheduleEdge, declaration: Schedule) -> bool:
    """Say whether the gate has to be knocked at while the schedule is paused.

    It would make up for the slots of the pause otherwise, of which nobody told it.
    """
    return edge.consumer is not None and declaration.missed_runs != "skip"


def _key_of(edge: ScheduleEdge) -> str:
    """Give the key of the topic that is published to."""
    if edge.consumer is not None:
        return f"{constants.GATE_EDGE}{edge.schedule}"
    match edge.target:
        case EventTarget(event=event):
            return f"{constants.EVENT_EDGE}{event}"
        case QueueTarget(queue=queue):
            return f"{constants.QUEUE_EDGE}{queue}"
        case CommandTarget():
            return f"{constants.CALL_EDGE}{edge.schedule}"
        case _:
            assert_never(edge.target)


def _data(edge: ScheduleEdge, declaration: Schedule, draft: Draft) -> Mapping[str, object]:
    """Give what is published; the slot is read from the time of the publish, as Cloud Scheduler does not tell it."""
    slot = {constants.MARK: constants.SLOT, "schedule": edge.schedule}
    return slot if edge.consumer is not None else {**slot, **static_content(declaration, draft.lookup)}


def _attributes(edge: ScheduleEdge, key: str, declaration: Schedule) -> dict[str, str]:
    found = {constants.EDGE_ATTRIBUTE: key}
    if edge.consumer is None and isinstance(edge.target, EventTarget):
        found[constants.EVENT_ATTRIBUTE] = edge.target.event
        found[constants.SERVICE_ATTRIBUTE] = declaration.address.service
        found[constants.VERSION_ATTRIBUTE] = declaration.address.version
    return found
