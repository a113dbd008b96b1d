"""What all functions of an application share; it stands in the root, however many stacks there are."""

from collections.abc import Iterator

from purista_serverless.adapters.aws.plan.draft import Draft
from purista_serverless.adapters.aws.plan.http import api_of
from purista_serverless.adapters.aws.plan.places import BUS, CLAIM_CHECK, LEDGER, SCHEDULES
from purista_serverless.adapters.aws.plan.resources import Archive, Bucket, EventBus, Resource, ScheduleGroup, Table
from purista_serverless.model import EventTarget
from purista_serverless.topology import BindingEdge, SubscriptionEdge

# As long as its source and its dead letter could keep a reference to it, and two weeks more to look into that.
_CLAIM_DAYS = 3 * 14


def shared_resources(draft: Draft) -> Iterator[Resource]:
    """Plan the bus, the table of records, the bucket, the group of schedules and the HTTP API, where they are used."""
    verbs: set[str] = {permission.verb for function in draft.topology.functions for permission in function.permissions}
    if _has_events(draft, verbs):
        yield EventBus(id=BUS)
        if draft.options.archive_days:
            yield Archive(id=f"{BUS}Archive", bus=BUS, days=draft.options.archive_days)
    if "use-ledger" in verbs:
        yield Table(id=LEDGER)
    if draft.options.claim_check and draft.topology.edges:
        yield Bucket(id=CLAIM_CHECK, days=_CLAIM_DAYS)
    if draft.application.schedules:
        yield ScheduleGroup(id=SCHEDULES)
    yield from api_of(draft.application, draft.options)


def _has_events(draft: Draft, verbs: set[str]) -> bool:
    if "emit" in verbs or any(isinstance(edge, SubscriptionEdge | BindingEdge) for edge in draft.topology.edges):
        return True
    return any(isinstance(schedule.target, EventTarget) for schedule in draft.application.schedules)
