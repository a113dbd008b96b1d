"""What is due later: tasks of Cloud Tasks."""

import json
from base64 import b64decode

import pytest

from purista_serverless.adapters.gcp.ports.delays import TASK_BUDGET
from purista_serverless.errors import TooLarge
from purista_serverless.message import Job
from purista_serverless.message.times import milliseconds_of
from tests.unit.aws.ports.messages import job
from tests.unit.gcp.ports.apis import TOPIC, failure, messages_of

QUEUE = "projects/p/locations/l/queues/later"
DAY = 86_400_000
NOW = 1_790_000_000_000


class Clock:
    """A clock that stands still."""

    def now(self):
        """Give the time."""
        return NOW


def published(task):
    """Give the message that a task publishes."""
    (message,) = messages_of(json.loads(b64decode(task["httpRequest"]["body"])))
    return message


def test_a_delayed_job_is_a_task_that_publishes_it(apis):
    """The task is due when the job is, and publishes to its topic with a token of the function's own account."""
    sent = job(payload={"month": "2026-01"}, ordering_key="customer-7")
    apis.ports(clock=Clock()).queues.send(sent, delay=90_500)

    (asked,) = apis.asked
    task = asked.json["task"]
    request = task["httpRequest"]
    assert asked.path == f"/v2/{QUEUE}/tasks"
    assert task["scheduleTime"] == "2026-09-21T14:14:50.500Z"
    assert (request["url"], request["httpMethod"]) == (f"{apis.url}/v1/{TOPIC}:publish", "POST")
    assert request["headers"] == {"Content-Type": "application/json"}
    assert request["oauthToken"] == {
        "serviceAccountEmail": "closing@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/pubsub",
    }
    message = published(task)
    assert Job.decode(message["data"]) == sent
    assert message["attributes"] == {"edge": "queue:billing.closing"}
    assert message["orderingKey"] == "customer-7"


def test_a_task_is_named_after_what_it_sends(apis):
    """Sending the same job again is the same task; another generation, edge or receive is another one."""
    ports = apis.ports(clock=Clock())
    ports.queues.send(job("j1"), delay=1)
    ports.queues.send(job("j1"), delay=5)
    ports.queues.send(job("j1", headers={"purista.generation": "1"}), delay=1)
    for edge, id in (("queue:billing.closing", "j1:0:1"), ("call:nightly", "j1:0:1")):
        ports.delays.send(edge, b"{}", attributes={"receives": "1"}, ordering_key=None, id=id, due=NOW + 1)

    names = [asked.json["task"]["name"] for asked in apis.asked]
    assert all(name.startswith(f"{QUEUE}/tasks/") and len(name.rpartition("/")[2]) == 64 for name in names)
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_a_task_that_exists_is_a_success(apis):
    """Somebody has made it before, this process even: the job will be sent."""
    apis.answers = [failure(409, "ALREADY_EXISTS")]
    apis.ports(clock=Clock()).queues.send(job(), delay=1)

    assert len(apis.asked) == 1


@pytest.mark.parametrize(
    ("delay", "due"),
    [(29 * DAY, 29 * DAY), (30 * DAY, 30 * DAY - 60_000), (400 * DAY, 30 * DAY - 60_000)],
    ids=["29 days", "30 days", "400 days"],
)
def test_a_task_waits_for_30_days_at_most(apis, delay, due):
    """What is due later comes then, and is given back for the rest by whoever receives it."""
    apis.ports(clock=Clock()).queues.send(job(), delay=delay)

    assert milliseconds_of(apis.asked[0].json["task"]["scheduleTime"]) == NOW + due


def test_a_body_beyond_a_task_is_refused_without_a_bucket(apis):
    """A task holds less than a message: the error says so before anything is sent."""
    with pytest.raises(TooLarge, match="claim_check") as raised:
        apis.ports().queues.send(job(payload="x" * TASK_BUDGET), delay=1)
    assert raised.value.limit == TASK_BUDGET
    assert apis.asked == []


def test_the_largest_body_fits_into_a_task(apis):
    """With base64 around it, its attributes and its request it stays below one megabyte."""
    sent = job(payload="x" * (TASK_BUDGET - len(job(payload="").encode())))
    apis.ports().queues.send(sent, delay=1)

    task = apis.asked[0].json["task"]
    assert len(sent.encode()) == TASK_BUDGET
    assert len(b64decode(task["httpRequest"]["body"])) < 1_000_000 - 8_192


def test_a_larger_body_is_claimed_where_claim_check_is_on(apis):
    """The body goes to the bucket and the claim into the task."""
    sent = job(payload="x" * TASK_BUDGET)
    apis.ports({"PURISTA_CLAIM_CHECK": "claims"}).queues.send(sent, delay=1)

    put, create = apis.asked
    claim = json.loads(published(create.json["task"])["data"])
    assert put.body == sent.encode()
    assert claim == {"purista": "claim", "key": "queue:billing.closing/j1:0:0", "size": len(put.body)}
