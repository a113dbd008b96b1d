"""Jobs to queues of SQS: bytes, attributes, delays, order, sizes."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body, legal_text
from purista_serverless.errors import TooLarge
from purista_serverless.message import Job
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.claims import token_of
from tests.unit.aws.ports.messages import job

EDGE = "queue:billing.closing"
LEGAL = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def ports_to(moto, url, **environment):
    """Give ports of a function that may send to one queue."""
    return moto.ports({"PURISTA_QUEUES": {EDGE: url}, **environment})


def of_size(size):
    """Give a job that has that many bytes on the wire."""
    return job(payload="x" * (size - len(job(payload="").encode())))


def test_a_job_travels_as_its_envelope(moto):
    """The body is the job's bytes; besides it there are the edge and the trace context, and nothing else."""
    url, sent = moto.queue(), job(payload={"city": "Zürich"}, headers={"traceparent": TRACE})
    ports_to(moto, url).queues.send(sent, delay=0)

    (message,) = moto.receive(url)
    assert message["Body"].encode() == sent.encode()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"edge": EDGE, "traceparent": TRACE}


@pytest.mark.parametrize(("delay", "seconds"), [(1, 1), (1_000, 1), (1_001, 2), (900_000, 900), (86_400_000, 900)])
def test_a_delay_is_whole_seconds_and_at_most_what_sqs_has(moto, delay, seconds):
    """SQS delays in seconds up to 15 minutes: rounded up, and the rest is the consumer's part."""
    url = moto.queue()
    asked = []

    def client(service):
        real = moto.client(service)

        class Watching:
            @staticmethod
            def send_message(**parameters):
                asked.append(parameters["DelaySeconds"])
                return real.send_message(**parameters)

        return Watching()

    moto.ports({"PURISTA_QUEUES": {EDGE: url}}, clients=client).queues.send(job(), delay=delay)

    assert (asked, moto.counts(url)) == ([seconds], (0, 0, 1))


def test_jobs_of_one_key_are_a_group(moto):
    """On a FIFO queue the ordering key is the group, and a job without one is a group of its own."""
    url = moto.fifo()
    queues = ports_to(moto, url).queues
    queues.send(job("j1", ordering_key="customer-7"), delay=60_000)
    queues.send(job("j2"), delay=0)

    groups = {message["Attributes"]["MessageGroupId"] for message in moto.receive(url)}
    assert groups == {"customer-7", "j2"}


def test_a_job_is_taken_once_per_generation(moto):
    """A FIFO queue drops the second copy of a job, and takes its redrive."""
    url = moto.fifo()
    queues = ports_to(moto, url).queues
    for _ in range(2):
        queues.send(job(ordering_key="a"), delay=0)
    queues.send(job(ordering_key="b", headers={"purista.generation": "1"}), delay=0)

    found = [Job.decode(message["Body"]).generation for message in moto.receive(url)]
    assert sorted(found) == [0, 1]


@pytest.mark.parametrize("key", ["Zürich 北京", "two words", "x" * 200, "a\nb", "\ud800"], ids=ascii)
def test_any_text_may_be_an_ordering_key(moto, key):
    """What SQS does not accept as a group is told apart by its hash; the job keeps the key as it is."""
    url = moto.fifo()
    ports_to(moto, url).queues.send(job(ordering_key=key if key != "\ud800" else "ud800"), delay=0)

    (message,) = moto.receive(url)
    assert re.fullmatch(r"[0-9a-f]{64}|ud800", message["Attributes"]["MessageGroupId"])
    assert re.fullmatch(r"[0-9a-f]{64}", token_of(key))


def test_a_job_up_to_the_budget_travels_itself(moto):
    """The largest job that goes without claim check is accepted by SQS, with room for what a dead letter adds."""
    url = moto.queue()
    ports_to(moto, url).queues.send(of_size(BODY_BUDGET), delay=0)

    assert len(moto.receive(url)[0]["Body"]) == BODY_BUDGET


def test_a_larger_job_is_refused_where_claim_check_is_off(moto):
    """One byte more is an error that names edge, size, limit and fix, and nothing is sent."""
    url = moto.queue()

    with pytest.raises(TooLarge, match=rf"{EDGE} has {BODY_BUDGET + 1} bytes, {BODY_BUDGET} are .* claim_check"):
        ports_to(moto, url).queues.send(of_size(BODY_BUDGET + 1), delay=0)
    assert moto.counts(url) == (0, 0, 0)


def test_a_larger_job_is_claimed_where_claim_check_is_on(moto):
    """The queue carries a claim; the bucket holds the job's bytes under edge and id."""
    url, bucket, sent = moto.queue(), moto.bucket(), of_size(BODY_BUDGET + 1)
    ports = ports_to(moto, url, PURISTA_CLAIM_CHECK=bucket)
    ports.queues.send(sent, delay=0)

    (message,) = moto.receive(url)
    claim = json.loads(message["Body"])
    assert claim == {"purista": "claim", "key": f"{EDGE}/j1", "size": BODY_BUDGET + 1}
    assert ports.claims.fetch(claim) == sent.encode()


@given(st.text())
@example("\ufffe\uffff\\ \x00\x1f\x7f\ud7ff\ue000\U0010ffff")
def test_every_json_text_becomes_legal_and_stays_the_same_value(text):
    """Any text survives: what SQS refuses is escaped, and what is escaped is the same JSON value."""
    body = legal_body(format_json({text: [text]}))

    assert LEGAL.fullmatch(body.decode())
    assert json.loads(body) == {text: [text]}


@given(st.text(st.characters(codec=None)))
@example("\ud800 half of a pair")
def test_every_attribute_becomes_legal(text):
    """Free text such as an error's loses only the characters that SQS refuses."""
    assert LEGAL.fullmatch(legal_text(text))
    assert len(legal_text(text)) == len(text)
