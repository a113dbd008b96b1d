"""Jobs in upstream's queue message."""

from typing import Any

import pytest
from hypothesis import given

from purista_serverless.errors import BadEvent
from purista_serverless.message import Job
from tests.unit.message.strategies import jobs, raw, values

JOB = Job(id="j1", queue="closing", payload={"a": 1}, created_at=5)


@given(jobs)
def test_a_job_survives_the_wire(job):
    """Encoding and decoding give an equal job."""
    assert Job.decode(job.encode()) == job


@given(jobs, values)
def test_a_raw_payload_means_the_same(job, payload):
    """Payload and parameter may be raw JSON."""
    encoded = job.replace(payload=raw(payload), parameter=raw({"a": payload})).encode()

    assert Job.decode(encoded) == job.replace(payload=payload, parameter={"a": payload})


def test_identity_run_and_generation_travel_as_headers():
    """The headers have upstream's names; an unreadable generation counts as none."""
    headers = {
        "purista.tenantId": "t",
        "purista.principalId": "p",
        "purista.runId": "r",
        "purista.sourceMessageId": "m",
        "purista.generation": "2",
        "traceparent": "00-a-b-01",
    }
    job = JOB.replace(headers=headers)

    assert (job.tenant_id, job.principal_id, job.run_id, job.causation_id) == ("t", "p", "r", "m")
    assert (job.generation, job.traceparent) == (2, "00-a-b-01")
    assert JOB.replace(headers={"purista.generation": "many"}).generation == 0
    assert (JOB.generation, JOB.tenant_id, JOB.run_id) == (0, None, None)


def test_what_upstream_leaves_out_has_its_default():
    """Two names are enough for a queue message."""
    job = Job.decode(b'{"id":"j1","queueName":"closing","scheduledAt":null}')

    assert job == Job(id="j1", queue="closing", payload=None, created_at=0)
    assert (job.scheduled_at, job.max_attempts, job.lease_ttl) == (0, 10, 900_000)


def test_an_empty_parameter_is_not_swallowed():
    """Zero is a parameter; none at all becomes an empty object."""
    assert JOB.replace(parameter=0).to_wire()["parameter"] == 0
    assert JOB.to_wire()["parameter"] == {}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ('"queueName":5', "'queueName' must be strings"),
        ('"queueName":"q","headers":[1]', "'headers' an object"),
        ('"queueName":"q","headers":{"a":1}', "values of 'headers'"),
        ('"queueName":"q","attempt":"1"', "must be whole numbers"),
        ('"queueName":"q","scheduledAt":"soon"', "must be whole numbers"),
        ('"queueName":"q","maxAttempts":0', "maxAttempts must be 1 or more, not 0"),
        ('"queueName":"q","correlationId":7', "'correlationId' must be a string, not int"),
    ],
)
def test_a_bad_queue_message_is_a_bad_event(fields, text):
    """What would fail later, far from its cause, is refused when it is read."""
    with pytest.raises(BadEvent, match=text):
        Job.decode(f'{{"id":"j1",{fields}}}')


def test_a_job_is_immutable():
    """Fields can be neither set nor deleted."""
    job: Any = JOB
    with pytest.raises(AttributeError, match="'attempt'"):
        job.attempt = 2
    with pytest.raises(AttributeError, match="'attempt'"):
        del job.attempt
    assert JOB.replace(attempt=2) != JOB
