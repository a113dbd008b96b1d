"""An event pattern lets through what the core's own filter lets through."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from purista_serverless.adapters.aws.plan.queues import pattern_of
from purista_serverless.adapters.aws.plan.resources import Schedule
from purista_serverless.message import CUSTOM_MESSAGE, Message, Party
from purista_serverless.model import Address, Filter, Lifecycle
from purista_serverless.runtime.events import Matcher
from purista_serverless.synth.blueprint import draw
from purista_serverless.topology import SubscriptionEdge
from purista_serverless.topology.edges import dead_letter_for
from tests.unit.aws.plan.applications import everything
from tests.unit.aws.plan.translation import adapter_with

# Few words, so that filters match about as often as they do not.
WORDS = st.sampled_from(["a", "b"])
PARTIES = st.none() | st.builds(Party, WORDS, WORDS, WORDS, st.none() | WORDS)
MESSAGES = st.builds(
    Message,
    id=st.just("1"),
    timestamp=st.just(0),
    message_type=st.sampled_from([CUSTOM_MESSAGE, "a"]),
    event_name=WORDS,
    tenant_id=st.none() | WORDS,
    principal_id=st.none() | WORDS,
    sender=PARTIES,
    receiver=PARTIES,
)
FILTERS = st.builds(Filter, **dict.fromkeys(Filter.__slots__, st.none() | st.none() | WORDS))


def edge_with(wanted: Filter) -> SubscriptionEdge:
    """Make the edge of a subscription with this filter."""
    lifecycle = Lifecycle()
    return SubscriptionEdge(
        subscription=Address(service="Shop", version="1", name="listen"),
        filter=wanted,
        consumer="subscription:Shop.1.listen",
        lifecycle=lifecycle,
        dead_letter=dead_letter_for(lifecycle),
    )


@given(wanted=FILTERS, message=MESSAGES)
def test_a_pattern_matches_what_the_filter_matches(wanted, message):
    """Whatever is filtered for, rule and dispatch agree about every message."""
    event: Any = {"source": "purista.shop", "detail-type": message.event_name, "detail": message.to_wire()}

    assert EventPattern(None, _pattern_of(wanted)).matches_event(event) == Matcher.of(wanted).matches(message)


def test_an_event_of_a_schedule_without_code_passes_filters_for_its_sender():
    """What Scheduler sends to the bus matches the rules that the gate's own event would match, by sender and kind."""
    (schedule,) = (
        one
        for one in draw(everything().model, adapter_with()).plan.stacks[0].resources
        if isinstance(one, Schedule) and one.put_events is not None
    )
    event: Any = {"source": "purista.shop", "detail-type": "shop.paid", "detail": json.loads(schedule.input)}
    ours = Filter(
        event="shop.paid",
        message_type=CUSTOM_MESSAGE,
        sender_service="Shop",
        sender_version="2",
        sender_target="hourly",
    )

    assert EventPattern(None, _pattern_of(ours)).matches_event(event)
    assert not EventPattern(None, _pattern_of(Filter(sender_service="Legacy"))).matches_event(event)


def _pattern_of(wanted: Filter) -> Any:
    return json.loads(json.dumps(pattern_of(edge_with(wanted))))
