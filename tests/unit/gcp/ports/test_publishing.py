"""What is published: events, jobs, calls, knocks and dead letters, as they arrive at Pub/Sub."""

import json
from typing import Any

import pytest

from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET, MAX_REQUEST
from purista_serverless.errors import ProviderRefused, TooLarge, Unavailable, UndeclaredUse
from purista_serverless.message import Job, Message
from purista_serverless.runtime.ports import DeadLetter
from tests.unit.aws.ports.messages import command, event, job
from tests.unit.gcp.ports.apis import TOPIC, failure

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def letter(**changes):
    """Give a dead letter of ``billing.closing``."""
    fields = {
        "edge": "queue:billing.closing",
        "id": "j1",
        "body": b"{}",
        "reason": "no such account",
        "attempts": 3,
        "generation": 1,
        "at": 1_790_000_000_000,
    }
    return DeadLetter(**{**fields, **changes})


def test_an_event_is_its_envelope_with_what_filters_may_look_at(apis):
    """The topic is the event's own; name, sender and trace travel as attributes too."""
    sent = event(payload={"account": "7"}, traceparent=TRACE)
    apis.ports().events.publish(sent)

    (asked,) = apis.asked
    (message,) = asked.messages
    assert asked.path == "/v1/projects/p/topics/closed:publish"
    assert Message.decode(message["data"]) == sent
    assert message["attributes"] == {
        "edge": "event:billing.closed",
        "event": "billing.closed",
        "service": "Billing",
        "version": "1",
        "traceparent": TRACE,
    }
    assert "orderingKey" not in message


def test_several_events_go_in_one_request_per_topic(apis):
    """Events are put together by topic, and a thousand of them is the most that one request holds."""
    events = [event(f"e{number}") for number in range(1_001)] + [event("other", event_name="billing.opened")]
    apis.ports().events.publish_all(events)

    counts = [(asked.path.rpartition("/")[2], len(asked.messages)) for asked in apis.asked]
    assert counts == [("closed:publish", 1_000), ("closed:publish", 1), ("opened:publish", 1)]


def test_a_request_never_exceeds_what_pubsub_takes(apis):
    """Large events are spread over requests by their size."""
    apis.ports().events.publish_all(event(f"e{number}", payload="x" * 4_000_000) for number in range(5))

    assert [len(asked.messages) for asked in apis.asked] == [2, 2, 1]
    assert all(sum(len(message["data"]) for message in asked.messages) < MAX_REQUEST for asked in apis.asked)


def test_a_job_is_its_queue_message_on_its_queue_s_topic(apis):
    """Edge and trace are attributes, and the ordering key is Pub/Sub's."""
    sent = job(payload={"month": "2026-01"}, ordering_key="customer-7", headers={"traceparent": TRACE})
    apis.ports().queues.send(sent, delay=0)

    (asked,) = apis.asked
    (message,) = asked.messages
    assert asked.path == f"/v1/{TOPIC}:publish"
    assert Job.decode(message["data"]) == sent
    assert message["attributes"] == {"edge": "queue:billing.closing", "traceparent": TRACE}
    assert message["orderingKey"] == "customer-7"


def test_a_long_ordering_key_becomes_its_hash(apis):
    """Pub/Sub takes 1,024 bytes; equal keys stay equal, and others different."""
    ports = apis.ports()
    for key in ("ü" * 513, "ü" * 513, "ü" * 514, "ü" * 512):
        ports.queues.send(job(ordering_key=key), delay=0)

    first, second, third, fourth = [asked.messages[0]["orderingKey"] for asked in apis.asked]
    assert first == second != third
    assert len(first) == 64
    assert fourth == "ü" * 512


def test_a_call_and_a_knock_go_to_the_schedule_s_own_topics(apis):
    """The call is a command's envelope; a knock names the schedule and nothing else."""
    ports, sent = apis.ports(), command(traceparent=TRACE)
    ports.schedules.call("nightly", sent)
    ports.schedules.knock("nightly")

    call, knock = apis.asked
    assert call.path == "/v1/projects/p/topics/call:publish"
    assert Message.decode(call.messages[0]["data"]) == sent
    assert call.messages[0]["attributes"] == {"edge": "call:nightly", "traceparent": TRACE}
    assert knock.path == "/v1/projects/p/topics/gate:publish"
    assert json.loads(knock.messages[0]["data"]) == {"purista": "knock", "schedule": "nightly"}


def test_a_dead_letter_is_the_body_as_it_came(apis):
    """What is known besides it travels as attributes."""
    apis.ports().dead_letters.put(letter(body=b"\xff no JSON"))

    (asked,) = apis.asked
    (message,) = asked.messages
    assert asked.path == "/v1/projects/p/topics/dead:publish"
    assert message["data"] == b"\xff no JSON"
    assert message["attributes"] == {
        "edge": "queue:billing.closing",
        "id": "j1",
        "generation": "1",
        "attempts": "3",
        "at": "1790000000000",
        "reason": "no such account",
    }


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("x" * 2_000, "x" * 1_024),
        ("ü" * 1_000, "ü" * 512),
        ("a" + "ü" * 1_000, "a" + "ü" * 511),
        ("cannot open \udcff", "cannot open \\udcff"),
        ("", None),
    ],
    ids=["long", "two bytes each", "cut inside of a character", "half a surrogate pair", "empty"],
)
def test_a_reason_is_cut_to_what_an_attribute_holds(apis, reason, expected):
    """1,024 bytes of UTF-8 remain, and no half of a character."""
    apis.ports().dead_letters.put(letter(reason=reason))

    assert apis.asked[0].messages[0]["attributes"].get("reason") == expected


@pytest.mark.parametrize("size", [MAX_REQUEST, MAX_REQUEST - 150, MAX_REQUEST - 50], ids=["full", "nearly", "barely"])
def test_a_body_that_fills_a_message_is_buried_all_the_same(apis, size):
    """Others may send as much as Pub/Sub takes: attributes get the room that is left, or none."""
    apis.ports().dead_letters.put(letter(body=b"x" * size, reason="x" * 500))

    (message,) = apis.asked[0].messages
    attributes = sum(len(name) + len(text) for name, text in message["attributes"].items())
    assert len(message["data"]) == size
    assert size + attributes <= MAX_REQUEST


def test_a_body_beyond_the_budget_is_refused_without_a_bucket(apis):
    """The error says how much there is, how much fits, and what to switch on."""
    with pytest.raises(
        TooLarge, match=r"queue:billing.closing has \d+ bytes, 9983616 are the most; .* claim_check"
    ) as it:
        apis.ports().queues.send(job(payload="x" * BODY_BUDGET), delay=0)
    assert it.value.limit == BODY_BUDGET
    assert apis.asked == []


def test_what_passes_is_asked_again(apis):
    """Throttles, faults and lost connections are tried four times in all, each time after a longer pause."""
    apis.answers = [failure(429, "RESOURCE_EXHAUSTED"), failure(503, "UNAVAILABLE"), None, (200, {})]
    apis.ports().queues.send(job(), delay=0)

    assert len(apis.asked) == 4
    assert apis.pauses == [0.1, 0.2, 0.4]


@pytest.mark.parametrize(
    "answer",
    [failure(503, "UNAVAILABLE"), failure(500, "INTERNAL"), failure(409, "ABORTED"), (504, b"<html>"), None],
    ids=["unavailable", "internal", "aborted", "no JSON", "hangs up"],
)
def test_what_does_not_pass_in_time_is_unavailable(apis, answer):
    """After four attempts the caller is told that it may have happened."""
    apis.answers = [answer] * 4

    with pytest.raises(Unavailable, match=f"pubsub.topics.publish on {TOPIC}"):
        apis.ports().queues.send(job(), delay=0)
    assert len(apis.asked) == 4


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (
            failure(403, "PERMISSION_DENIED", "not for you"),
            UndeclaredUse,
            r"can_enqueue.*403 PERMISSION_DENIED: not",
        ),
        (failure(404, "NOT_FOUND", "no topic"), ProviderRefused, r"404 NOT_FOUND: no topic; compare what is deployed"),
        (failure(400, "INVALID_ARGUMENT", "no"), ProviderRefused, r"400 INVALID_ARGUMENT: no"),
        ((404, b"<html>"), ProviderRefused, r"refused; 404"),
    ],
    ids=["denied", "missing", "invalid", "no JSON"],
)
def test_what_would_be_refused_again_is_asked_once(apis, answer, error, text):
    """The error tells what Google said, and what to do about it."""
    apis.answers = [answer]

    with pytest.raises(error, match=text):
        apis.ports().queues.send(job(), delay=0)
    assert (len(apis.asked), apis.pauses) == (1, [])


def test_nobody_listens(apis):
    """A refused connection is as unavailable as a server that fails."""
    ports = apis.ports({"PUBSUB_EMULATOR_HOST": "127.0.0.1:9"})

    with pytest.raises(Unavailable, match=r"got no answer; ConnectionRefusedError"):
        ports.queues.send(job(), delay=0)
    assert len(apis.pauses) == 3


def test_a_connection_is_kept_and_one_that_was_dropped_is_not_used(apis):
    """Requests share a connection; when the other side has closed it meanwhile, there is a new one and no failure."""
    ports = apis.ports()
    ports.queues.send(job("j1"), delay=0)
    ports.queues.send(job("j2"), delay=0)
    idle = [connection for kept in ports.deployment.rest._idle.values() for connection in kept]  # noqa: SLF001
    assert len(idle) == 1

    apis.answers = [None, (200, {})]
    ports.queues.send(job("j3"), delay=0)
    ports.queues.send(job("j4"), delay=0)
    assert apis.pauses == [0.1]
    assert [Job.decode(asked.messages[0]["data"]).id for asked in apis.asked] == ["j1", "j2", "j3", "j3", "j4"]


def test_a_connection_that_another_thread_takes_first_is_replaced_by_a_new_one(apis):
    """Between the look at what is idle and the grasp for it, there may be nothing left."""

    class Raced(list[Any]):
        """What is idle when it is looked at."""

        def __bool__(self) -> bool:
            return True

    ports = apis.ports()
    ports.deployment.rest._idle[apis.url] = Raced()  # noqa: SLF001 - no test can make two threads meet there
    ports.queues.send(job(), delay=0)

    assert len(apis.asked) == 1
