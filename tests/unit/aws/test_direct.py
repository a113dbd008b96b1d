"""What AWS sends in our place is what our own code would have sent."""

import json
from typing import Any

import pytest

from purista_serverless.adapters.aws.codecs import sqs
from purista_serverless.adapters.aws.direct import Unwrapper
from purista_serverless.errors import BadEvent
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.parts import timetable_of
from tests.unit.aws.wire import AwsDoubles, Deployed, batch, bridged, failures, load, record
from tests.unit.deployed import SENT, TOPOLOGY, entry_of

SLOT = "2027-01-15T01:00:00Z"
SLOT_MS = 1_799_974_800_000


def by_code(gate: str, slot: int) -> AwsDoubles:
    """Have a schedule's own gate trigger a slot, at the time at which a record was sent."""
    ports = Deployed(gate, now=SENT).ports
    table = timetable_of(entry_of(TOPOLOGY.function(gate)))
    table.trigger.fire(f"{table.name}@{slot}", slot, ports)
    return ports


def unwrapped(trigger: str, function: str, body: Any) -> bytes:
    """Unwrap a body on the edge of a function."""
    (found,) = sqs.decode(batch(record(body if isinstance(body, str) else json.dumps(body))))
    bound = entry_of(TOPOLOGY.function(function)).function()
    return Unwrapper(trigger, bound, Deployed(function).ports).body(found)


def test_a_direct_binding_makes_the_job_that_its_code_would_make():
    """The same bytes, so that what a platform carries and what code enqueues is one job to its worker."""
    (given,) = load("eventbridge_envelope_in_sqs")["Records"]
    binding = Deployed("binding:shop.ordered:shop.packing", now=SENT)
    assert failures(binding(batch(given))) == []
    queues: Any = binding.ports.queues
    ((expected, _),) = queues.sent

    body = unwrapped("queue:shop.packing", "worker:Shop.1.pack", given["body"])

    assert body == expected.encode()


def test_an_event_that_comes_twice_is_one_job():
    """EventBridge delivers at least once; the id follows from the event."""
    (given,) = load("eventbridge_direct_binding")["Records"]
    first, second = (Job.decode(unwrapped("queue:shop.packing", "worker:Shop.1.pack", given["body"])) for _ in range(2))

    assert first.id == second.id


def test_a_schedule_s_direct_job_is_that_of_its_gate():
    """Id, trace, payload and times."""
    queues: Any = by_code("gate:Shop.1.nightly", SLOT_MS).queues
    ((expected, _),) = queues.sent
    (given,) = load("scheduler_slot_to_queue")["Records"]

    body = unwrapped("queue:shop.packing", "worker:Shop.1.pack", given["body"])

    assert plain_json(body) == plain_json(expected.encode())


def test_a_schedule_s_direct_event_is_that_of_its_gate():
    """The envelope is made here: what the platform's clock sends holds the slot and the payload alone."""
    events: Any = by_code("gate:Shop.1.hourly", 1_800_000_000_000).events
    (expected,) = events.messages
    (given,) = load("scheduler_slot_to_event")["Records"]

    body = unwrapped("subscription:Shop.1.listen", "subscription:Shop.1.listen", given["body"])

    assert plain_json(body) == plain_json(expected.encode())


def test_a_schedule_s_direct_event_on_a_direct_binding_is_a_job():
    """Both carried by the platform, and still one job per slot."""
    (given,) = load("scheduler_slot_to_event")["Records"]
    job = Job.decode(unwrapped("queue:shop.packing", "worker:Shop.1.pack", given["body"]))
    events: Any = by_code("gate:Shop.1.hourly", 1_800_000_000_000).events
    (event,) = events.messages

    assert job.headers["purista.sourceMessageId"] == event.id
    assert (job.idempotency_key, job.trace_id) == (event.id, event.trace_id)


def test_a_schedule_s_direct_call_is_that_of_its_gate():
    """Receiver, parameter and ids."""
    schedules: Any = by_code("gate:Shop.1.daily", SLOT_MS).schedules
    ((_, expected),) = schedules.calls
    (given,) = load("scheduler_slot_to_command")["Records"]

    body = unwrapped("call:Shop.1.daily", "command:Shop.1.note", given["body"])

    assert Message.decode(body).id == expected.id
    # The parameter's defaults are in what code sends; a template holds what was declared.
    ours, theirs = plain_json(body), plain_json(expected.encode())
    assert {**ours, "payload": None} == {**theirs, "payload": None}
    assert ours["payload"]["parameter"].items() <= theirs["payload"]["parameter"].items()


def test_a_key_travels_with_a_slot():
    """What the template found out at build time is the job's and the event's key."""
    slot = {"purista": "slot", "schedule": "Shop.1.nightly", "slot": SLOT, "payload": {"text": "x"}, "key": "k"}

    job = Job.decode(unwrapped("queue:shop.packing", "worker:Shop.1.pack", slot))
    event = Message.decode(
        unwrapped("subscription:Shop.1.listen", "subscription:Shop.1.listen", bridged({**slot, "event": "e"}))
    )

    assert (job.idempotency_key, event.idempotency_key, event.event_name) == ("k", "k", "e")


def test_a_body_that_only_speaks_of_marks_goes_as_it_came():
    """A payload may hold any text and any member: what counts is what the body itself is."""
    payload = {"text": '"detail-type" and "purista"', "purista": "slot", "detail-type": "x"}
    body = Job(id="1", queue="shop.packing", payload=payload, created_at=0).encode()

    assert unwrapped("queue:shop.packing", "worker:Shop.1.pack", body.decode()) == body


@pytest.mark.parametrize("body", ['{"purista":', '["purista"]', '"purista"', '{"purista": "news"}', "\ud800"])
def test_what_is_no_body_of_ours_is_left_to_its_consumer(body):
    """It is buried there, with the reason that any other bad body has."""
    assert unwrapped("queue:shop.packing", "worker:Shop.1.pack", body) == body.encode(errors="replace")


@pytest.mark.parametrize(
    "change",
    [
        {"schedule": "Shop"},
        {"schedule": None},
        {"slot": "yesterday"},
        {"slot": "2027-01-01T00:00:00"},
        {"slot": 7},
        {"event": 7},
        {"key": 7},
    ],
)
def test_a_slot_that_no_template_of_ours_writes_is_refused(change):
    """The consumer buries it with this reason."""
    slot = {"purista": "slot", "schedule": "Shop.1.nightly", "slot": SLOT, "payload": {"text": "x"}, **change}

    with pytest.raises(BadEvent):
        unwrapped("queue:shop.packing", "worker:Shop.1.pack", slot)


@pytest.mark.parametrize("change", [{"detail": "text"}, {"id": 7}, {"time": None}, {"detail-type": 7}])
def test_an_event_that_is_not_as_documented_is_refused(change):
    """The consumer buries it with this reason."""
    event = {**json.loads(bridged({"text": "hello"})), **change}

    with pytest.raises(BadEvent):
        unwrapped("subscription:Shop.1.listen", "subscription:Shop.1.listen", event)


def test_a_claim_whose_body_is_gone_is_a_dead_letter():
    """There is nothing left to try again."""
    function = Deployed("worker:Shop.1.pack")
    claim = {"purista": "claim", "key": "queue:shop.packing/gone", "size": 1}

    assert failures(function(batch(record(json.dumps(claim))))) == []
    assert [letter.body for letter in function.letters()] == [json.dumps(claim).encode()]


def test_a_claim_to_an_event_on_a_direct_binding_is_its_job():
    """The body from the bucket is the event's envelope; the job is made of it."""
    (given,) = load("eventbridge_envelope_in_sqs")["Records"]
    envelope = json.dumps(json.loads(given["body"])["detail"]).encode()
    function = Deployed("worker:Shop.1.pack", bodies={"shop.ordered/m-1": envelope})
    (claim,) = load("eventbridge_claim_in_sqs")["Records"]

    assert failures(function(batch(claim))) == []
    assert function.notes.seen == ["hello"]


def test_the_claim_of_an_event_may_keep_the_members_that_rules_look_at():
    """It looks like an envelope, and is one without its payload: what counts is the mark."""
    (given,) = load("eventbridge_envelope_in_sqs")["Records"]
    envelope = json.loads(given["body"])["detail"]
    kept = {name: value for name, value in envelope.items() if name != "payload"}
    claim = bridged({**kept, "purista": "claim", "key": "shop.ordered/m-1", "size": 2_000_000})
    function = Deployed("subscription:Shop.1.listen", bodies={"shop.ordered/m-1": json.dumps(envelope).encode()})

    assert failures(function(batch(record(claim)))) == []
    assert function.notes.seen[0][0] == "hello"


def test_a_slot_may_hold_the_members_that_rules_look_at():
    """It looks like an envelope, and is one without most of it: what counts is the mark."""
    (given,) = load("scheduler_slot_to_event")["Records"]
    bare = json.loads(given["body"])
    sender = {"serviceName": "Shop", "serviceVersion": "1", "serviceTarget": "hourly"}
    beside = {**bare, "detail": {**bare["detail"], "messageType": "customMessage", "sender": sender}}
    listen = "subscription:Shop.1.listen"

    assert unwrapped(listen, listen, beside) == unwrapped(listen, listen, bare)
