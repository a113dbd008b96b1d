"""Events to EventBridge: what rules see, requests in chunks, entries that fail."""

import json

import pytest

from purista_serverless.adapters.aws.ports.events import EventBridgeEvents
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET
from purista_serverless.errors import ProviderRefused, TooLarge, Unavailable, UndeclaredUse
from purista_serverless.message import Message, Party
from tests.unit.aws.ports.messages import event
from tests.unit.aws.ports.scripted import Scripted, refused

BUS = {"PURISTA_EVENT_BUS": "shop"}


def answer(*codes):
    """Give the answer to a request of as many entries; ``None`` is an entry that was accepted."""
    entries = [{"EventId": "1"} if code is None else {"ErrorCode": code, "ErrorMessage": "says AWS"} for code in codes]
    return {"FailedEntryCount": sum(code is not None for code in codes), "Entries": entries}


def accepted(**request):
    """Accept every entry of a request."""
    return answer(*[None] * len(request["Entries"]))


def events_of(client, pauses=None):
    """Give the port of a client, and keep how long it pauses instead of pausing."""
    return EventBridgeEvents(client.ports(BUS).deployment, pause=([] if pauses is None else pauses).append)


def ids(call):
    """Give the ids of the events in a request."""
    return [json.loads(entry["Detail"])["id"] for entry in call["Entries"]]


def test_a_rule_sees_the_name_and_the_envelope(moto):
    """A rule on the event's name and on fields of the envelope brings the whole event to its queue."""
    pattern = {"detail-type": ["billing.closed"], "detail": {"tenantId": ["acme"], "sender": {"serviceVersion": ["1"]}}}
    bus, url = moto.bus(pattern)
    ports = moto.ports({"PURISTA_EVENT_BUS": bus})
    sent = event(payload={"city": "Zürich"}, tenant_id="acme", sender=Party("CycleClosing", "1", "close"))
    ports.events.publish(sent)
    ports.events.publish(event("e2", tenant_id="other"))

    (message,) = moto.receive(url)
    wire = json.loads(message["Body"])
    assert (wire["source"], wire["detail-type"]) == ("purista.cycle-closing", "billing.closed")
    assert Message.from_wire(wire["detail"]) == sent


def test_a_success_without_an_events_name_is_told_by_its_type(moto):
    """A message that names no event is matched by what kind of message it is; without sender it is a client's."""
    bus, url = moto.bus({"detail-type": ["customMessage"], "source": ["purista.client"]})
    moto.ports({"PURISTA_EVENT_BUS": bus}).events.publish(event(event_name=None, sender=None))

    assert len(moto.receive(url)) == 1


def test_many_events_go_ten_at_a_time():
    """A request has ten entries at most, in the order that was given."""
    client = Scripted(accepted)
    events_of(client).publish_all(event(f"e{number}") for number in range(23))

    assert [len(call["Entries"]) for call in client.calls] == [10, 10, 3]
    assert [id for call in client.calls for id in ids(call)] == [f"e{number}" for number in range(23)]


def test_a_request_stays_below_its_size():
    """Entries that together have a megabyte or more go apart, however few they are."""
    client = Scripted(accepted)
    sizes = [300_000, 500_000, 300_000, 1_000_000, 10]
    events_of(client).publish_all(event(f"e{size}", payload="x" * size) for size in sizes)

    assert [ids(call) for call in client.calls] == [["e300000", "e500000"], ["e300000"], ["e1000000", "e10"]]


def test_no_events_are_no_request():
    """Publishing nothing asks nobody."""
    client = Scripted(accepted)
    events_of(client).publish_all([])

    assert client.calls == []


def test_only_what_failed_is_sent_again():
    """Entries that were throttled inside an accepted request go again, after ever longer pauses; the others do not."""
    first, second = answer(None, "ThrottlingException", "InternalFailure"), answer("Throttling", None)
    client = Scripted(first, second, accepted)
    pauses: list[float] = []
    events_of(client, pauses).publish_all([event("a"), event("b"), event("c")])

    assert [ids(call) for call in client.calls] == [["a", "b", "c"], ["b", "c"], ["b"]]
    assert pauses == sorted(set(pauses))
    assert len(pauses) == 2


def test_an_event_that_is_throttled_for_long_is_unavailable():
    """After a few times the port gives up: whoever sent it tries again, with the same id."""
    client = Scripted(answer("ThrottlingException"))

    with pytest.raises(Unavailable, match="throttled 4 times for 1 events"):
        events_of(client).publish(event())
    assert len(client.calls) == 4


@pytest.mark.parametrize(
    ("code", "ours"),
    [("NotAuthorizedForDetailTypeException", UndeclaredUse), ("MalformedDetail", ProviderRefused)],
)
def test_an_entry_that_will_never_be_accepted_is_not_sent_again(code, ours):
    """A failure of an entry that does not pass is told at once, as that of a whole request is."""
    client = Scripted(answer(code))

    with pytest.raises(ours, match=f"{code}: says AWS"):
        events_of(client).publish(event())
    assert len(client.calls) == 1


def test_a_throttled_request_is_unavailable():
    """When the request itself is not accepted, the SDK has tried often enough already."""
    client = Scripted(refused("ThrottlingException"))

    with pytest.raises(Unavailable):
        events_of(client).publish(event())
    assert len(client.calls) == 1


def test_an_event_beyond_the_budget_is_refused_where_claim_check_is_off():
    """The error names the event, its size, the limit and the fix, and nothing is sent."""
    client = Scripted(accepted)

    with pytest.raises(TooLarge, match=rf"billing.closed has \d+ bytes, {BODY_BUDGET} are the most; .*claim_check"):
        events_of(client).publish(event(payload="x" * BODY_BUDGET))
    assert client.calls == []


def test_a_claimed_event_still_matches_its_rules(moto):
    """Beside the claim there is the envelope without its payload, so that rules on its fields bring it along."""
    bus, url = moto.bus({"detail": {"tenantId": ["acme"]}})
    ports = moto.ports({"PURISTA_EVENT_BUS": bus, "PURISTA_CLAIM_CHECK": moto.bucket()})
    sent = event(payload="\uffff" * 400_000, tenant_id="acme")
    ports.events.publish(sent)

    detail = json.loads(moto.receive(url)[0]["Body"])["detail"]
    assert (detail["purista"], detail["key"], detail["id"]) == ("claim", "billing.closed/e1", "e1")
    assert "payload" not in detail
    assert Message.decode(ports.claims.fetch(detail)) == sent
