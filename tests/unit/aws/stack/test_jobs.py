"""Jobs on a stack: what records and dead letters tell, what SQS counts, and cancelling."""

import pytest

from purista_serverless.message import Job
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.ports import DeadLetter
from purista_serverless.runtime.records import JobRecord
from tests.unit.aws.stack import shop

PACKING = "shop.packing"


@pytest.fixture
def records(ports):
    """Keep one record of each status."""
    now = ports.clock.now()
    for status in ("queued", "running", "success"):
        record = JobRecord(
            job_id=status,
            queue=PACKING,
            status=status,
            updated_at=now,
            owner="function" if status == "running" else None,
            lease_until=now + 60_000 if status == "running" else None,
            fence=3,
            attempt=1,
        )
        JobLedger(ports.ledger, PACKING, 1_000_000).enlist(record, due=now)


@pytest.fixture
def buried(ports):
    """Keep one dead letter of an untracked queue."""
    body = Job(id="a1", queue="shop.mails", payload={"sku": "tea", "count": 2}, created_at=1_000).encode()
    ports.dead_letters.put(
        DeadLetter(edge="queue:shop.mails", id="a1", body=body, reason="no", attempts=10, generation=0, at=5_000)
    )


def test_jobs_are_listed(operate, records, buried):
    """Records come first, those that ended last; dead letters of untracked queues are jobs as well."""
    found = operate().jobs()

    assert [job.id for job in found] == ["queued", "running", "success", "a1"]
    assert [job.is_tracked for job in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("queue", "status", "ids"),
    [
        (PACKING, None, ["queued", "running", "success"]),
        (None, "running", ["running"]),
        (None, "dead-lettered", ["a1"]),
        ("shop.mails", None, ["a1"]),
        ("shop.mails", "success", []),
    ],
)
@pytest.mark.usefixtures("records", "buried")
def test_jobs_are_chosen(operate, queue, status, ids):
    """Only what was asked for is listed."""
    assert [job.id for job in operate().jobs(queue, status=status)] == ids


def test_one_job(operate, records, buried):
    """A job is shown from its record or its dead letter; any other is not known."""
    operations = operate()

    assert operations.job(PACKING, "running").lease_until is not None
    assert operations.job("shop.mails", "a1").reason == "no"
    for queue in (PACKING, "shop.mails", "shop.unknown"):
        with pytest.raises(KeyError):
            operations.job(queue, "nobody")


def test_cancelling(operate, records, ports):
    """A running job loses its fence and is cancelled once; one that ended or has no record is not."""
    operations = operate()

    assert operations.cancel(PACKING, "running", "ordered twice")
    assert not operations.cancel(PACKING, "running", "again")
    assert not operations.cancel(PACKING, "success", "too late")
    assert not operations.cancel(PACKING, "nobody", "unknown")
    record = JobLedger(ports.ledger, PACKING, 1_000).read("running")
    assert record is not None
    assert (record.status, record.reason, record.fence) == ("cancelled", "ordered twice", 4)


def test_leases(operate, records):
    """What runs is told with its owner."""
    (lease,) = operate().leases()

    assert (lease.edge, lease.id, lease.owner, lease.fence) == ("queue:shop.packing", "running", "function", 3)


def test_metrics(operate, ports, buried):
    """Each edge is counted, with what waits, what is delayed and what is dead."""
    job = Job(id="b2", queue="shop.mails", payload={"sku": "tea", "count": 2}, created_at=1_000)
    ports.queues.send(job, delay=0)
    ports.queues.send(job.replace(id="b3"), delay=600_000)

    found = {row.edge: row for row in operate().metrics()}

    assert set(found) == {*shop.QUEUES, *shop.DEAD_LETTERS}
    mails = found["queue:shop.mails"]
    assert (mails.ready, mails.delayed, mails.leased, mails.dead_letters) == (1, 1, 0, 1)


def test_a_stack_without_records(moto, stack, operate):
    """A stack without a table has no jobs but its dead letters."""
    del stack.names["PURISTA_LEDGER"]
    operations = operate()

    assert operations.jobs() == ()
    assert not operations.cancel(PACKING, "running", "no")
