"""Pushes: each settled for itself, by its answer or by a task that publishes it again."""

import json
from typing import Any

import pytest

from purista_serverless.errors import TooLarge, Unavailable, UndeclaredUse
from purista_serverless.message import Job
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.records import RUNNING, JobRecord
from tests.unit.deployed import SENT
from tests.unit.gcp.wire import Call, Deployed, message, path_of, push

PACK, ORDER, LISTEN, GATE = (
    "worker:Shop.1.pack",
    "worker:Shop.1.order",
    "subscription:Shop.1.listen",
    "gate:Shop.1.monthly",
)
QUEUE = "queue:shop.packing"


def job(text: str, *, queue: str = "shop.packing", **fields: Any) -> bytes:
    """Give a job."""
    return Job(**{"id": "job-0", "queue": queue, "payload": {"text": text}, "created_at": SENT, **fields}).encode()


def test_a_success_is_answered_with_204_and_no_body():
    """Pub/Sub forgets the message."""
    answer = Deployed(PACK)(push(QUEUE, job("one")))

    assert (answer.status, answer.body, answer.headers) == (204, b"", {})


@pytest.mark.parametrize("text", ["fail", "later"])
def test_the_last_attempt_ends_as_a_dead_letter(text):
    """It is put away first, and forgotten then."""
    function = Deployed(PACK)

    assert function(push(QUEUE, job(text), attempt=3)).status == 204
    assert [(letter.edge, letter.id, letter.attempts) for letter in function.letters()] == [(QUEUE, "job-0", 3)]
    assert function.ports.delays.messages == []


def test_a_refusal_is_a_dead_letter_at_once():
    """Nobody tries again what is not wanted."""
    function = Deployed(PACK)

    assert function(push(QUEUE, job("refuse"))).status == 204
    assert [letter.reason for letter in function.letters()] == ["422 not such a note"]


def test_a_failure_comes_again_by_the_subscription_s_policy():
    """The answer asks for it; no task is made."""
    function = Deployed(PACK)

    assert function(push(QUEUE, job("fail"))).status == 503
    assert function.ports.delays.messages == []


def test_what_asks_for_a_delay_is_put_off_by_a_task():
    """It is published again on the edge's own topic when it is due; what was received so far goes along."""
    function = Deployed(PACK)
    attributes = {"edge": QUEUE, "traceparent": "00-1-2-01"}

    assert function(push(QUEUE, job("later"), id="m-7", attempt=2, attributes=attributes)).status == 204
    (delayed,) = function.ports.delays.messages
    assert (delayed.edge, delayed.id, delayed.body) == (QUEUE, "m-7", job("later"))
    assert delayed.due == function.clock.now() + 90_000
    assert delayed.attributes == {**attributes, "receives": "2"}
    assert delayed.ordering_key is None


def test_a_push_that_comes_twice_is_put_off_once():
    """The task is named by the message: the answer to the first push was lost, its task was not."""
    function = Deployed(PACK)
    for attempt in (1, 2):
        assert function(push(QUEUE, job("later"), attempt=attempt)).status == 204

    assert len(function.ports.delays.messages) == 1


def test_attempts_go_on_counting_after_a_message_was_put_off():
    """Pub/Sub counts the new message from one; what was received before is added."""
    function = Deployed(PACK)

    assert function(push(QUEUE, job("later"), attempt=2, attributes={"receives": "1"})).status == 204
    assert [letter.attempts for letter in function.letters()] == [3]


@pytest.mark.parametrize("text", ["", "-1", "two", "٣", "1" * 10])
def test_a_count_that_nobody_of_us_wrote_counts_nothing(text):
    """Attributes are anybody's."""
    function = Deployed(PACK)
    function(push(QUEUE, job("later"), attributes={"receives": text}))

    assert [delayed.attributes["receives"] for delayed in function.ports.delays.messages] == ["1"]


def test_a_push_without_a_count_is_the_first():
    """A subscription without a dead letter does not count."""
    function = Deployed(PACK)
    body = message(job("later"))
    del body["deliveryAttempt"]
    function(Call(path=path_of(QUEUE), body=json.dumps(body).encode()))

    assert [delayed.attributes["receives"] for delayed in function.ports.delays.messages] == ["1"]


def test_a_job_that_is_not_due_waits_without_an_attempt():
    """It was delivered early: the receive is taken back."""
    function = Deployed(PACK)
    function(push(QUEUE, job("one", scheduled_at=SENT + 3_600_000), attempt=1))

    (delayed,) = function.ports.delays.messages
    assert (delayed.due, delayed.attributes["receives"]) == (SENT + 3_600_000, "0")
    assert function.notes.seen == []


@pytest.mark.parametrize(
    "fault",
    [
        Unavailable("Cloud Tasks cannot be reached"),
        UndeclaredUse("this function", "do cloudtasks.tasks.create on", "queue", "declare it"),
        TooLarge("what goes to a task", 2_000_000, 1_000_000, "send less"),
    ],
)
def test_what_cannot_be_put_off_comes_when_it_may(fault):
    """It is not forgotten as long as nothing else has it."""
    function = Deployed(PACK)
    function.ports.delays.fault = fault

    assert function(push(QUEUE, job("later"))).status == 503


def test_what_pubsub_would_not_publish_again_is_not_put_off():
    """It added some attributes itself, and takes no more than a hundred: nobody would see the task fail."""
    function = Deployed(PACK)
    function(push(QUEUE, job("later"), attributes={"edge": QUEUE, "googclient_schemaencoding": "JSON"}))
    full = {f"attribute-{number}": "x" for number in range(100)}

    assert [delayed.attributes for delayed in function.ports.delays.messages] == [{"edge": QUEUE, "receives": "1"}]
    assert function(push(QUEUE, job("later"), id="full", attributes=full)).status == 503


def test_a_job_that_is_early_by_little_is_put_off_too():
    """The answer could ask for it to come again, and would make an attempt of it."""
    function = Deployed(PACK)
    function(push(QUEUE, job("one", scheduled_at=function.clock.now() + 200)))

    assert [delayed.attributes["receives"] for delayed in function.ports.delays.messages] == ["0"]


def test_what_has_an_ordering_key_keeps_its_place():
    """Published again, it would come after those that follow it: Pub/Sub delivers it again, and them with it."""
    function = Deployed(ORDER)
    given = job("later", queue="shop.ordering", ordering_key="later")

    assert function(push("queue:shop.ordering", given, key="later")).status == 503
    assert function.ports.delays.messages == []


def test_what_has_an_ordering_key_and_is_due_much_later_is_put_off():
    """No subscription waits for longer than ten minutes between two pushes."""
    function = Deployed(ORDER)
    given = job("x", queue="shop.ordering", ordering_key="x", scheduled_at=SENT + 3_600_000)

    assert function(push("queue:shop.ordering", given, key="x")).status == 204
    assert [delayed.ordering_key for delayed in function.ports.delays.messages] == ["x"]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, 600),
        ({"PURISTA_TIMEOUT": "90"}, 90),
        ({"CLOUD_RUN_TIMEOUT_SECONDS": "60"}, 60),
        ({"PURISTA_TIMEOUT": "3600"}, 600),
    ],
)
def test_a_lease_ends_with_the_time_that_a_request_has(environment, seconds):
    """Nobody takes a tracked job over before; afterwards the push is open no more."""
    function = Deployed(PACK, environment=environment, tracking="full")
    ledger = JobLedger(function.ports.ledger, "shop.packing", 86_400_000)
    leases: list[Any] = []

    class Watch(list[Any]):
        def append(self, _: Any) -> None:
            leases.append(ledger.read("job-0"))

    function.notes.seen = Watch()
    function(push(QUEUE, job("one")))

    assert [record.lease_until - function.clock.now() for record in leases] == [seconds * 1000]


def test_a_job_that_another_delivery_runs_waits_for_the_end_of_its_lease():
    """It is put off until it may be taken over, and that is no attempt."""
    function = Deployed(PACK, tracking="full")
    now = function.clock.now()
    fresh = JobRecord(job_id="job-0", queue="shop.packing", status=RUNNING, updated_at=now)
    ledger = JobLedger(function.ports.ledger, "shop.packing", 86_400_000)
    ledger.begin(fresh, owner="another message", lease_until=now + 30_000, max_attempts=3, now=now)
    function(push(QUEUE, job("one"), attempt=2))

    (delayed,) = function.ports.delays.messages
    assert delayed.due >= now + 30_000
    assert delayed.attributes["receives"] == "1"
    assert function.notes.seen == []


def test_an_unreachable_port_is_nobody_s_attempt():
    """The message is put off for a while that grows with each time."""
    function = Deployed(PACK)

    class Down:
        def put(self, _: Any) -> None:
            raise Unavailable("the topic cannot be reached")

    function.ports.dead_letters = Down()
    function(push(QUEUE, job("refuse"), attempt=4))

    (delayed,) = function.ports.delays.messages
    assert (delayed.due - function.clock.now(), delayed.attributes["receives"]) == (8_000, "3")


def test_what_cannot_be_settled_comes_again():
    """Whatever went wrong: the message is not forgotten."""
    function = Deployed(PACK)

    class Broken:
        def put(self, _: Any) -> None:
            raise KeyError("a fault of ours")

    function.ports.dead_letters = Broken()

    assert function(push(QUEUE, job("refuse"))).status == 503


def test_a_push_to_the_path_of_another_edge_is_refused():
    """The function's edges are those of its triggers, also where it has but one."""
    function = Deployed(PACK)

    assert function(push("queue:shop.other", job("one"))).status == 400
    assert function(Call(path="/somewhere", body=json.dumps(message(job("one"))).encode())).status == 204


def test_calls_of_several_schedules_are_told_by_their_path():
    """A command has an edge for each; without a path nothing says which one was meant."""
    function = Deployed("command:Shop.1.note", environment={})
    slot = {"purista": "slot", "payload": {"text": "x"}, "parameter": {"orderId": "o-9"}}
    for schedule in ("daily", "weekly"):
        body = json.dumps({**slot, "schedule": f"Shop.1.{schedule}"})
        assert function(push(f"call:Shop.1.{schedule}", body)).status == 204

    assert [place.order_id for _, place, _, _ in function.notes.seen] == ["o-9", "o-9"]
    assert function(push("call:Shop.1.hourly", "{}")).status == 400


def test_a_bad_knock_is_a_dead_letter_of_the_schedule():
    """The edge of the letter is the schedule's, where the tools look for it."""
    function = Deployed(GATE)

    assert function(push(GATE, "no knock")).status == 204
    assert [letter.edge for letter in function.letters()] == ["schedule:Shop.1.monthly"]


def test_what_came_in_our_place_is_put_off_as_what_was_made_of_it():
    """Its ids are derived from the first message: another message would make another job of it."""
    function = Deployed(PACK)
    slot = json.dumps({"purista": "slot", "schedule": "Shop.1.nightly", "payload": {"text": "later"}})
    function(push(QUEUE, slot, id="m-1"))

    (delayed,) = function.ports.delays.messages
    first = Job.decode(delayed.body)
    again = Deployed(PACK)
    again(push(QUEUE, delayed.body, id="m-2", attempt=3))
    assert [letter.id for letter in again.letters()] == [first.id]


def test_a_claim_is_put_off_as_a_claim():
    """The body lies in its bucket already."""
    claim = json.dumps({"purista": "claim", "key": "k", "size": 9})
    function = Deployed(PACK, bodies={"k": job("later")})
    function(push(QUEUE, claim))

    assert [delayed.body for delayed in function.ports.delays.messages] == [claim.encode()]


def test_handlers_run_at_the_same_time_in_threads():
    """Two requests of one instance, one of which waits for the other."""
    from threading import Barrier, Thread

    function = Deployed("worker:Shop.1.goRound")
    barrier = Barrier(2, timeout=20)
    statuses: list[int] = []

    def deliver(text: str) -> None:
        barrier.wait()
        statuses.append(function(push("queue:shop.rounds", job(text, queue="shop.rounds", id=text))).status)

    threads = [Thread(target=deliver, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [204, 204]
    assert sorted(function.notes.seen) == ["begin one", "begin two", "end one", "end two"]
