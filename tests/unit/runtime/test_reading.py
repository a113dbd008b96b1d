"""Jobs read together with their payload: the same jobs, and a closer look at whatever does not fit."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from purista_serverless import Model, ServiceBuilder
from purista_serverless.message import Job
from purista_serverless.message.job import FIELDS
from purista_serverless.runtime.dispatch import UNREAD
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.reading import JobReader
from tests.unit.message.strategies import jobs


class Parcel(Model):
    """What the jobs carry."""

    text: str
    due: date | None = None


shop: Any = ServiceBuilder("Shop", version="1", description="Packs")
packing = shop.queue("shop.packing", Parcel, "Pack")
resting = shop.queue("shop.resting", None, "Rest")
turning = shop.queue("shop.turning", Parcel, "Turn")
anything = shop.queue("closing", Any, "Take anything")


@packing.worker()
def pack(ctx, job: Parcel) -> None:
    """Pack."""


@resting.worker()
def rest(ctx, job: None) -> None:
    """Rest."""


@turning.worker(transform_input=lambda raw: raw)
def turn(ctx, job: Parcel) -> None:
    """Turn."""


@anything.worker()
def take(ctx, job: Any) -> None:
    """Take."""


def reader_of(worker: Any, queue: str = "shop.packing") -> JobReader:
    """Give the reader of a worker's queue."""
    return JobReader(queue, Function(worker.__purista__))


def body(**changes: Any) -> bytes:
    """Give a job's body, with some members changed; ``...`` takes one out."""
    wire = {**Job(id="j1", queue="shop.packing", payload={"text": "one"}, created_at=5).to_wire(), **changes}
    return json.dumps({name: value for name, value in wire.items() if value is not ...}).encode()


def test_a_job_comes_with_its_payload():
    """The payload is of the worker's type; the job still tells it as it came, and what of it is unknown to the type."""
    read = reader_of(pack).read(body(payload={"text": "one", "due": "2026-01-31", "more": 1}), 2)

    assert read is not None
    job, payload = read
    assert payload == Parcel(text="one", due=date(2026, 1, 31))
    assert job.payload == {"text": "one", "due": "2026-01-31", "more": 1}
    assert (job.id, job.attempt, job.scheduled_at, job.trace_id) == ("j1", 2, 5, None)


@given(jobs)
def test_a_job_is_read_as_it_is_decoded(job):
    """One pass gives what the step-by-step reading gives, whatever the job holds."""
    raw = job.replace(queue="closing").encode()
    read = reader_of(take, "closing").read(raw, 3)

    assert read is not None
    assert read[0] == Job.decode(raw, attempt=3)
    assert read[0].replace(attempt=4) == Job.decode(raw, attempt=4)
    assert [getattr(read[0], name) for name in FIELDS] == [getattr(Job.decode(raw, attempt=3), name) for name in FIELDS]


def test_what_upstream_leaves_out_has_its_default():
    """A job without a time of its own is due when it was enqueued."""
    raw = body(scheduledAt=..., priority=..., headers=..., maxAttempts=..., parameter=..., attempt=...)
    read = reader_of(pack).read(raw, 0)

    assert read is not None
    assert read[0] == Job.decode(raw, attempt=1)
    assert (read[0].scheduled_at, read[0].headers, read[0].max_attempts) == (5, {}, 10)


@pytest.mark.parametrize(("worker", "payload"), [(rest, None), (turn, {"text": 1})], ids=["nothing", "transformed"])
def test_a_payload_without_a_schema_is_left_to_the_dispatch(worker, payload):
    """No payload, and what is transformed first: the job is read, its payload is not loaded."""
    read = reader_of(worker).read(body(payload=payload), 1)

    assert read is not None
    assert read[1] is UNREAD
    assert read[0].payload == payload


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        body(queueName="shop.other"),
        body(id=7),
        body(payload=...),
        body(payload={"text": 1}),
        body(payload={"text": "one", "due": "soon"}),
        body(headers={"a": 1}),
        body(attempt="1"),
        body(createdAt=1.0),
        body(priority=True),
        body(maxAttempts=0),
        body(correlationId=7),
        '{"id":"\ud800"}',
    ],
)
def test_what_does_not_fit_wants_a_closer_look(raw):
    """What could be refused is refused elsewhere, with a reason."""
    assert reader_of(pack).read(raw, 1) is None


def test_a_failing_validator_of_a_model_is_left_to_the_dispatch():
    """A model's validator is the user's code: whatever it raises, here it is no answer."""

    class Picky(Model):
        text: str

        def model_post_init(self, _: Any) -> None:
            """Fail."""
            raise KeyError(self.text)

    picking = shop.queue("shop.picking", Picky, "Pick")

    @picking.worker()
    def pick(ctx, job: Picky) -> None:
        """Pick."""

    assert reader_of(pick).read(body(), 1) is None
