"""Topics and subscriptions: of events, of edges, of what is delivered again, and of dead letters."""

from collections.abc import Iterator
from dataclasses import dataclass

from purista_serverless.adapters.gcp import constants
from purista_serverless.adapters.gcp.plan.access import endpoint_of
from purista_serverless.adapters.gcp.plan.draft import Draft
from purista_serverless.adapters.gcp.plan.filters import filter_of
from purista_serverless.adapters.gcp.plan.names import topic_name
from purista_serverless.adapters.gcp.plan.places import (
    PUSH_ACCOUNT,
    dead_letter_name,
    kind_of_topic,
    topic_short_name,
)
from purista_serverless.adapters.gcp.plan.resources import Alert, Declared, Push, Resource, Subscription, Topic
from purista_serverless.adapters.gcp.plan.timing import (
    backoff_of,
    dead_letter_retention_of,
    most_deliveries,
    retention_of,
)
from purista_serverless.synth.queues import queue_edge_of
from purista_serverless.topology import BindingEdge, Edge, QueueEdge, SubscriptionEdge

# Nobody holds a dead letter for longer than it takes to look at it.
_LETTER_DEADLINE = 60


def shared_topics(draft: Draft) -> Iterator[Topic]:
    """Plan a topic for each event, and for each queue of another system."""
    for event in draft.events:
        found = draft.lookup.events[event]
        yield _topic(f"{constants.EVENT_EDGE}{event}", Declared(name=event, origin=found.origin), draft)
    for key in draft.outside:
        queue = draft.lookup.queues[key.removeprefix(constants.QUEUE_EDGE)]
        yield _topic(key, Declared(name=queue.name, origin=queue.origin), draft)


def _topic(key: str, declared: Declared, draft: Draft) -> Topic:
    return Topic(
        id=draft.places.topic_id(key),
        name=topic_short_name(key),
        key=key,
        kind=kind_of_topic(key),
        declared=declared,
        largest_body=_largest_body(key, draft),
    )


def _largest_body(key: str, draft: Draft) -> int | None:
    queue = draft.lookup.queues.get(key.removeprefix(constants.QUEUE_EDGE))
    return None if queue is None else queue.max_payload


def messages_of(edge: Edge, draft: Draft) -> Iterator[Resource]:
    """Plan all that carries an edge; nothing is planned for one that a clock carries to its target's topic."""
    key = queue_edge_of(edge)
    if key is None or edge.consumer is None:
        return
    declared, id = draft.declared(edge), draft.places.edge_ids[edge.name]
    delivery = _Delivery(edge=edge, key=key, consumer=edge.consumer, declared=declared)
    yield _topic(key, declared, draft)
    yield from _dead_letter(edge, declared, draft)
    kind = "redelivery"
    if isinstance(edge, SubscriptionEdge | BindingEdge):
        yield from _listening(edge, delivery, draft)
    else:
        kind = "pull" if draft.timings[edge.consumer].is_pooled else "push"
    yield delivery.subscription(f"{kind}_{id}", topic_short_name(key), key, draft)


def _listening(edge: SubscriptionEdge | BindingEdge, delivery: "_Delivery", draft: Draft) -> Iterator[Subscription]:
    """Plan one subscription per event that an edge listens to."""
    id = draft.places.edge_ids[edge.name]
    is_single = not isinstance(edge, SubscriptionEdge) or edge.filter.event is not None
    for event in draft.events_of(edge):
        key = f"{constants.EVENT_EDGE}{event}"
        suffix = "" if is_single else f"__{draft.places.event_ids[key]}"
        name = topic_name(edge.name if is_single else f"{edge.name}:{event}")
        # Others may publish without the attributes that filters look at.
        wanted = None if draft.lookup.events[event].external else filter_of(edge)
        yield delivery.subscription(f"push_{id}{suffix}", name, key, draft, wanted=wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """The messages of an edge on their way to its consumer; ``key`` is what the consumer is told."""

    edge: Edge
    key: str
    consumer: str
    declared: Declared

    def subscription(self, id: str, name: str, topic: str, draft: Draft, *, wanted: str | None = None) -> Subscription:
        """Plan what brings the messages of one topic, those that a filter wants."""
        timing = draft.timings[self.consumer]
        return Subscription(
            id=id,
            name=name,
            topic=draft.places.topic_id(topic),
            edge=self.key,
            kind="pull" if timing.is_pooled else "push",
            push=None if timing.is_pooled else self._push(draft),
            ack_deadline=timing.ack_deadline,
            retention=retention_of(self.edge, timing.ack_deadline),
            backoff=backoff_of(self.edge.lifecycle),
            dead_letter=draft.places.dead_letter_id(self.edge.name),
            max_deliveries=most_deliveries(self.edge.lifecycle),
            is_ordered=self._is_ordered(draft),
            filter=wanted,
            declared=self.declared,
        )

    def _is_ordered(self, draft: Draft) -> bool:
        return isinstance(self.edge, QueueEdge) and draft.lookup.queues[self.edge.queue].ordering_key is not None

    def _push(self, draft: Draft) -> Push:
        url = draft.places.url(self.consumer)
        return Push(
            function=draft.places.function_id(self.consumer),
            account=PUSH_ACCOUNT,
            endpoint=endpoint_of(url, self.key),
            audience=url,
        )


def _dead_letter(edge: Edge, declared: Declared, draft: Draft) -> Iterator[Resource]:
    """Plan where the undeliverable messages of an edge stay, and what tells of them."""
    id, topic = draft.places.edge_ids[edge.name], draft.places.dead_letter_id(edge.name)
    retention = dead_letter_retention_of(edge)
    name = dead_letter_name(edge.name)
    yield Topic(id=topic, name=name, key=edge.name, kind="dead-letter", declared=declared)
    yield Subscription(
        id=f"letters_{id}",
        name=name,
        topic=topic,
        edge=edge.name,
        kind="dead-letter",
        push=None,
        ack_deadline=_LETTER_DEADLINE,
        retention=retention,
        backoff=None,
        dead_letter=None,
        max_deliveries=None,
        is_ordered=False,
        filter=None,
        declared=declared,
    )
    if draft.options.alerts:
        yield from _alerts(edge, id, retention)


def _alerts(edge: Edge, id: str, retention: int) -> Iterator[Alert]:
    letters = f"letters_{id}"
    yield Alert(
        id=f"alert_{id}__depth",
        name=f"{dead_letter_name(edge.name)}~depth",
        subscription=letters,
        metric="num_undelivered_messages",
        threshold=0,
        description=f"Dead letters of {edge.name} wait for somebody.",
    )
    yield Alert(
        id=f"alert_{id}__age",
        name=f"{dead_letter_name(edge.name)}~age",
        subscription=letters,
        metric="oldest_unacked_message_age",
        threshold=retention // 2,
        description=f"Dead letters of {edge.name} are lost when as much time has passed again.",
    )
