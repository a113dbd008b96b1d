"""Edges: a queue, a dead-letter queue, alarms, and the rules that bring events."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from purista_serverless.adapters.aws.limits import LONGEST_RETENTION, USUAL_RETENTION
from purista_serverless.adapters.aws.plan.places import BUS, Places
from purista_serverless.adapters.aws.plan.resources import (
    Alarm,
    DeadLetterQueue,
    Declared,
    Queue,
    QueuePolicy,
    Resource,
    Rule,
    RuleTarget,
    Sub,
)
from purista_serverless.adapters.aws.plan.timing import most_receives, waits_of
from purista_serverless.model import Filter
from purista_serverless.topology import BindingEdge, Edge, SubscriptionEdge

_WANTED = timedelta(seconds=USUAL_RETENTION)
_LONGEST = timedelta(seconds=LONGEST_RETENTION)


def queue_of(
    edge: str,
    described: Edge,
    places: Places,
    *,
    visibility: int,
    delay: timedelta | None,
    attempts: int | None,
    declared: Declared,
) -> Queue:
    """Plan the queue of an edge.

    Args:
        edge: Name of the queue's edge; a schedule's is that of its gate.
        described: The edge in the topology, whose dead letter it uses.
        places: Where everything is.
        visibility: Seconds that a received message is hidden.
        delay: The longest that a message waits for its time; ``None`` is any time.
        attempts: Attempts that its receives count as; ``None`` where records count its runs.
        declared: The declaration behind it.
    """
    lifecycle = described.lifecycle
    # A dead letter keeps the age that its message had, so that the queue should not keep more than it.
    wanted = min(_LONGEST if delay is None else _WANTED, described.dead_letter.retention)
    needed = lifecycle.window + (delay or timedelta(0)) + timedelta(seconds=visibility)
    retention = int(min(max(wanted, needed), _LONGEST).total_seconds())
    is_fifo = edge in places.fifo
    # What keeps an order waits where it is; anything else is sent on as a new message.
    waits = waits_of(delay) if is_fifo else 0
    return Queue(
        id=places.queue_id(edge),
        edge=edge,
        physical_name=places.queue_name(edge),
        is_fifo=is_fifo,
        visibility=visibility,
        retention=retention,
        delay=delay,
        attempts=attempts,
        dead_letter=places.dead_letter_id(described.name),
        most_receives=most_receives(lifecycle, waits),
        declared=declared,
    )


def dead_letter_of(edge: Edge, places: Places, *, has_alarms: bool, is_fifo: bool = False) -> Iterator[Resource]:
    """Plan the dead-letter queue of an edge with its alarms."""
    id = places.dead_letter_id(edge.name)
    retention = min(int(edge.dead_letter.retention.total_seconds()), LONGEST_RETENTION)
    yield DeadLetterQueue(id=id, edge=edge.name, is_fifo=is_fifo, retention=retention)
    if has_alarms:
        yield Alarm(
            id=f"{id}Depth",
            dead_letter=id,
            metric="ApproximateNumberOfMessagesVisible",
            threshold=0,
            description=f"Dead letters of {edge.name} wait for somebody.",
        )
        yield Alarm(
            id=f"{id}Age",
            dead_letter=id,
            metric="ApproximateAgeOfOldestMessage",
            threshold=retention // 2,
            # The metric counts from when a letter came. What SQS moved here keeps its own age, and is lost by that one.
            description=f"The oldest dead letter of {edge.name} is lost when as much time has passed again as since it "
            "came, and earlier if SQS itself moved it here.",
        )


def rule_of(edge: SubscriptionEdge | BindingEdge, places: Places, *, target: str, declared: Declared) -> Rule:
    """Plan the rule that brings an edge its events.

    Args:
        edge: The subscription or the binding.
        places: Where everything is.
        target: Id of the queue that they go to.
        declared: The declaration behind it.
    """
    return Rule(
        id=f"{places.edge_ids[edge.name]}Rule",
        bus=Sub(f"${{{BUS}}}"),
        pattern=pattern_of(edge),
        targets=(RuleTarget(id="queue", queue=target, dead_letter=places.dead_letter_id(edge.name)),),
        description=edge.name,
        declared=declared,
    )


def policy_of(queue: str, rules: tuple[str, ...]) -> QueuePolicy:
    """Plan the policy by which rules may send to a queue; a queue has one only, since a second replaces the first."""
    return QueuePolicy(id=f"{queue}Policy", queue=queue, rules=rules)


def pattern_of(edge: SubscriptionEdge | BindingEdge) -> Mapping[str, Any]:
    """Give the event pattern of an edge: its filter over detail type and envelope."""
    match edge:
        case SubscriptionEdge(filter=wanted):
            return _pattern(wanted)
        case BindingEdge(event=event, sender_service=service, sender_version=version):
            return _pattern(Filter(event=event, sender_service=service, sender_version=version))


def _pattern(wanted: Filter) -> dict[str, Any]:
    detail = {
        **_texts(
            {"messageType": wanted.message_type, "tenantId": wanted.tenant_id, "principalId": wanted.principal_id}
        ),
        **_party("sender", wanted),
        **_party("receiver", wanted),
    }
    pattern: dict[str, Any] = {} if wanted.event is None else {"detail-type": (wanted.event,)}
    if detail:
        pattern["detail"] = detail
    # A pattern may not be empty; every event has a source.
    return pattern or {"source": ({"prefix": ""},)}


def _party(side: str, wanted: Filter) -> dict[str, Any]:
    fields = _texts(
        {
            "serviceName": getattr(wanted, f"{side}_service"),
            "serviceVersion": getattr(wanted, f"{side}_version"),
            "serviceTarget": getattr(wanted, f"{side}_target"),
            "instanceId": getattr(wanted, f"{side}_instance"),
        }
    )
    return {side: fields} if fields else {}


def _texts(fields: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: (value,) for name, value in fields.items() if value is not None}
