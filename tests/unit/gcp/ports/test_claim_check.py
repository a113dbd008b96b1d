"""Bodies too big for their edge: written once to Cloud Storage, fetched by their claim."""

import json

import pytest

from purista_serverless.adapters.gcp.ports.topics import BODY_BUDGET
from purista_serverless.errors import BadEvent, ProviderRefused, Unavailable, UndeclaredUse
from tests.unit.aws.ports.messages import event, job
from tests.unit.gcp.ports.apis import failure

ON = {"PURISTA_CLAIM_CHECK": "claims"}


def test_a_large_job_is_written_to_the_bucket_once(apis):
    """The write expects that there is no such object, and what travels is the claim with its attributes."""
    sent = job("j 1", payload="x" * BODY_BUDGET)
    apis.ports(ON).queues.send(sent, delay=0)

    put, publish = apis.asked
    (message,) = publish.messages
    claim = json.loads(message["data"])
    assert put.path.startswith("/upload/storage/v1/b/claims/o?uploadType=media&name=queue%3Abilling.closing%2F")
    assert put.path.endswith("&ifGenerationMatch=0")
    assert put.body == sent.encode()
    assert claim["purista"] == "claim"
    assert claim["size"] == len(put.body)
    assert message["attributes"] == {"edge": "queue:billing.closing"}


def test_an_object_that_is_there_is_the_same_body(apis):
    """Ids are derived: a rerun finds what it wrote, and sends the claim again."""
    apis.answers = [failure(412, "FAILED_PRECONDITION")]
    apis.ports(ON).events.publish(event(payload="x" * BODY_BUDGET))

    assert [asked.path.partition("?")[0] for asked in apis.asked] == [
        "/upload/storage/v1/b/claims/o",
        "/v1/projects/p/topics/closed:publish",
    ]


def test_a_claim_gives_its_body_back(apis):
    """The object is read under the key in the claim."""
    apis.answers = [(200, b"\xff the body")]
    body = apis.ports(ON).claims.fetch({"purista": "claim", "key": "queue:billing.closing/j1", "size": 10})

    assert body == b"\xff the body"
    assert apis.asked[0].path == "/storage/v1/b/claims/o/queue%3Abilling.closing%2Fj1?alt=media"


@pytest.mark.parametrize("status", [404, 403])
def test_a_body_that_is_gone_is_a_bad_event(apis, status):
    """It has expired, or is somebody else's: nobody can handle the message."""
    apis.answers = [(status, b"No such object")]

    with pytest.raises(BadEvent, match=f"no longer in the bucket of claims.*{status}"):
        apis.ports(ON).claims.fetch({"purista": "claim", "key": "k/1"})


@pytest.mark.parametrize("claim", [{}, {"purista": "claim"}, {"purista": "claim", "key": 7}, {"key": "k/1"}], ids=str)
def test_what_is_no_claim_is_a_bad_event(apis, claim):
    """A claim is marked, and has a key."""
    with pytest.raises(BadEvent, match="not a claim"):
        apis.ports(ON).claims.fetch(claim)
    assert apis.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(403, ""), UndeclaredUse),
        (failure(404, ""), ProviderRefused),
        (failure(503, ""), Unavailable),
    ],
    ids=["denied", "no bucket", "unavailable"],
)
def test_a_bucket_that_cannot_be_written_is_told(apis, answer, error):
    """Nothing is published when the body could not be kept."""
    apis.answers = [answer] * 4

    with pytest.raises(error, match=r"storage.objects.create"):
        apis.ports(ON).queues.send(job(payload="x" * BODY_BUDGET), delay=0)
    assert not any("publish" in asked.path for asked in apis.asked)
