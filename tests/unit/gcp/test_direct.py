"""What comes in our place: made into what our own code would have published."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from purista_serverless.adapters.gcp.codecs.push import Pushed
from purista_serverless.adapters.gcp.direct import Unwrapper
from purista_serverless.errors import BadEvent
from purista_serverless.message import Job, Message
from purista_serverless.runtime.gate import Slots
from purista_serverless.runtime.parts import timetable_of
from purista_serverless.runtime.slots import ExpressionSlots
from purista_serverless.schedule import DstPolicy, Interval
from purista_serverless.testing.clock import VirtualClock
from tests.unit.deployed import SENT, TOPOLOGY, entry_of
from tests.unit.gcp.wire import PUBLISHED, Deployed, GcpDoubles, push

QUEUE, PACK = "queue:shop.packing", "worker:Shop.1.pack"
LISTEN = "subscription:Shop.1.listen"
CALL, NOTE = "call:Shop.1.daily", "command:Shop.1.note"
BINDING = "binding:shop.ordered:shop.packing"
GATE = "gate:Shop.1.monthly"
SLOT = {"purista": "slot", "schedule": "Shop.1.nightly", "payload": {"text": "hello"}, "parameter": None}


def unwrapped(trigger: str, name: str, data: Any, **given: Any) -> bytes:
    """Give the body that a message becomes on an edge."""
    ports = GcpDoubles(VirtualClock(datetime.fromtimestamp(SENT / 1000, tz=UTC)))
    function = entry_of(TOPOLOGY.function(name)).function()
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    pushed = Pushed(**{"id": "m-1", "data": raw, "attributes": {}, "published": PUBLISHED, **given})
    return Unwrapper(trigger, function, ports).body(pushed)


def filled(published: str, data: Any, slots: Slots | None = None) -> Any:
    """Give what a gate is knocked at with; its slots are those of the shop's when omitted."""
    ports = GcpDoubles(VirtualClock(datetime.fromtimestamp(SENT / 1000, tz=UTC)))
    found = slots or timetable_of(entry_of(TOPOLOGY.function(GATE))).slots
    pushed = Pushed(id="m-1", data=json.dumps(data).encode(), attributes={}, published=published)
    return json.loads(Unwrapper(GATE, None, ports, found).body(pushed))


def test_a_slot_is_the_job_that_its_schedule_would_have_enqueued():
    """Sent when it was published; its id follows from Pub/Sub's, so that a second delivery is the same job."""
    first, second, other = (
        Job.decode(unwrapped(QUEUE, PACK, {**SLOT, "queue": "shop.packing", "key": "k"}, id=id))
        for id in ("m-1", "m-1", "m-2")
    )

    assert (first.queue, first.payload, first.created_at, first.idempotency_key) == (
        "shop.packing",
        {"text": "hello"},
        SENT,
        "k",
    )
    assert first.run_id is None
    assert first.id == second.id != other.id


def test_a_slot_is_the_event_that_its_schedule_would_have_emitted():
    """Every subscription makes the same event of it."""
    given = {**SLOT, "event": "shop.ordered", "key": "k"}
    event = Message.decode(unwrapped(LISTEN, LISTEN, given))

    assert (event.event_name, event.payload, event.idempotency_key) == ("shop.ordered", {"text": "hello"}, "k")
    assert (event.timestamp, event.run_id) == (SENT, None)
    assert event.sender is not None
    assert (event.sender.service, event.sender.target) == ("Shop", "nightly")
    pushed = Pushed(id="m-1", data=json.dumps(given).encode(), attributes={}, published=PUBLISHED)
    ports = GcpDoubles(VirtualClock(datetime.fromtimestamp(SENT / 1000, tz=UTC)))
    assert Message.decode(Unwrapper(BINDING, None, ports).body(pushed)) == event


def test_a_slot_is_the_call_that_its_schedule_would_have_made():
    """Its receiver is the command behind the edge."""
    call = Message.decode(unwrapped(CALL, NOTE, {**SLOT, "parameter": {"orderId": "o-1"}}))

    assert (call.message_type, call.payload, call.parameter) == ("command", {"text": "hello"}, {"orderId": "o-1"})
    assert call.receiver is not None
    assert (call.receiver.service, call.receiver.target) == ("Shop", "note")


@pytest.mark.parametrize(
    ("published", "slot"),
    [
        ("2027-01-01T01:00:00Z", "2027-01-01T01:00:00"),
        ("2027-01-01T01:00:00.000000001Z", "2027-01-01T01:00:00"),
        ("2027-01-17T12:34:56.789Z", "2027-01-01T01:00:00"),
        ("2027-02-01T00:59:58Z", "2027-01-01T01:00:00"),
        # Who fires may be a little ahead of who publishes.
        ("2027-02-01T00:59:59.5Z", "2027-02-01T01:00:00"),
    ],
)
def test_a_gate_is_told_the_newest_slot_up_to_when_it_was_fired(published, slot):
    """Cloud Scheduler says nothing of the slot."""
    found = filled(published, {"purista": "slot", "schedule": "Shop.1.monthly"})

    assert datetime.fromtimestamp(found["slot"] / 1000, tz=UTC) == datetime.fromisoformat(f"{slot}+00:00")
    assert found["schedule"] == "Shop.1.monthly"


def test_a_slot_that_is_told_stays():
    """It was filled in before it was put off, or an operator has named it."""
    given = {"purista": "slot", "schedule": "Shop.1.monthly", "slot": 1}

    assert filled("2027-01-17T12:34:56Z", given) == given
    assert filled("2027-01-17T12:34:56Z", {"purista": "knock"}) == {"purista": "knock"}


def test_before_its_first_slot_a_schedule_is_knocked_at():
    """Its job fires more often than it has slots, from its deployment on, and that is no dead letter."""
    first = datetime(2028, 1, 1, tzinfo=UTC)
    slots = ExpressionSlots(Interval(timedelta(minutes=50), start=first), "UTC", DstPolicy())
    fired = {"purista": "slot", "schedule": "Shop.1.monthly"}

    assert filled("2027-12-31T23:50:00Z", fired, slots) == {**fired, "purista": "knock"}
    assert filled("2028-01-01T00:00:00Z", fired, slots) == {**fired, "slot": round(first.timestamp() * 1000)}


def test_an_event_of_another_system_is_named_by_its_attribute():
    """Its payload is any JSON; its trace goes on."""
    attributes = {"event": "shop.ordered", "traceparent": "00-1-2-01"}
    event = Message.decode(unwrapped(LISTEN, LISTEN, {"text": "x", "purista": "slow"}, attributes=attributes))

    assert (event.id, event.event_name, event.payload) == ("m-1", "shop.ordered", {"text": "x", "purista": "slow"})
    assert (event.timestamp, event.traceparent) == (SENT, "00-1-2-01")


@pytest.mark.parametrize("payload", [{"about": {"messageType": "x"}}, [{"messageType": "x"}, {"purista": "slot"}]])
def test_a_member_within_the_payload_of_another_system_makes_no_envelope_of_it(payload):
    """What counts is what the body itself is; and what an envelope itself is, others may send as well."""
    event = Message.decode(unwrapped(LISTEN, LISTEN, payload, attributes={"event": "shop.ordered"}))
    envelope = Message(id="1", timestamp=0, message_type="customMessage", payload=payload).encode()

    assert (event.event_name, event.payload) == ("shop.ordered", payload)
    assert unwrapped(LISTEN, LISTEN, envelope, attributes={"event": "shop.ordered"}) == envelope


def test_a_cloud_event_is_read_from_its_attributes():
    """As the binding of CloudEvents to Pub/Sub has it."""
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": "7",
        "ce-source": "/till",
        "ce-type": "shop.ordered",
        "content-type": "application/json",
    }
    event = Message.decode(unwrapped(LISTEN, LISTEN, {"text": "x"}, attributes=attributes))

    assert (event.id, event.event_name, event.payload) == ("7", "shop.ordered", {"text": "x"})


def test_a_body_that_only_speaks_of_marks_goes_as_it_came():
    """A payload may hold any text and any member: what counts is what the body itself is."""
    payload = {"text": '"messageType" and "purista"', "purista": "slot"}
    job = Job(id="1", queue="shop.packing", payload=payload, created_at=0).encode()
    event = Message(id="1", timestamp=0, message_type="customMessage", payload=payload).encode()

    assert unwrapped(QUEUE, PACK, job) == job
    assert unwrapped(LISTEN, LISTEN, event) == event


@pytest.mark.parametrize("data", [b'{"purista":', b'["purista"]', b'"purista"', b'{"purista": "news"}', b"\xff", b""])
def test_what_is_no_body_of_ours_is_left_to_its_consumer(data):
    """It is buried there, with the reason that any other bad body has."""
    assert unwrapped(QUEUE, PACK, data) == data
    assert unwrapped(LISTEN, LISTEN, data) == data


@pytest.mark.parametrize("change", [{"schedule": "Shop"}, {"schedule": None}, {"event": 7}, {"key": 7}])
def test_a_slot_that_no_plan_of_ours_writes_is_refused(change):
    """The consumer's edge buries it with this reason."""
    with pytest.raises(BadEvent):
        unwrapped(QUEUE, PACK, {**SLOT, **change})


def test_a_slot_whose_payload_does_not_fit_is_a_dead_letter():
    """The declaration has changed since it was deployed; the letter is the job that was made of the slot."""
    function = Deployed(PACK)
    function(push(QUEUE, json.dumps({**SLOT, "payload": {"text": 7}})))

    (letter,) = function.letters()
    assert "text: Input should be a valid string" in letter.reason
    assert Job.decode(letter.body).payload == {"text": 7}


def test_what_is_refused_is_a_dead_letter():
    """Nothing of it is guessed, and nothing lost."""
    function = Deployed(PACK)

    assert function(push(QUEUE, json.dumps({**SLOT, "schedule": 7}))).status == 204
    assert [letter.body for letter in function.letters()] == [json.dumps({**SLOT, "schedule": 7}).encode()]


def test_a_message_without_a_time_is_refused_where_its_time_counts():
    """Nothing else says when a slot was fired."""
    with pytest.raises(BadEvent, match="ISO 8601"):
        unwrapped(QUEUE, PACK, SLOT, published="soon")
