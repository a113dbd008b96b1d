"""Records in DynamoDB: what the contract of record stores does not say."""

import pytest

from purista_serverless.errors import ProviderRefused, TooLarge, Unavailable, UndeclaredUse
from tests.unit.aws.ports.scripted import Scripted, refused

KEY = "queue:billing.closing/j1"
TABLE = {"PURISTA_LEDGER": "records"}


def item_of(moto, table):
    """Give the only item of a table."""
    (item,) = moto.client("dynamodb").scan(TableName=table)["Items"]
    return item


def test_an_item_can_be_bounded_removed_and_read_by_tools(moto):
    """The edge is the partition key, the rest of the key sorts, and the expiry is what DynamoDB's removal takes."""
    table = moto.table()
    moto.ports({"PURISTA_LEDGER": table}).ledger.write(KEY, {"status": "queued"}, expected=0, expires=1_999_999_999_001)

    item = item_of(moto, table)
    assert (item["pk"], item["sk"]) == ({"S": "queue:billing.closing"}, {"S": "j1"})
    assert (item["version"], item["fields"]) == ({"N": "1"}, {"S": '{"status":"queued"}'})
    assert item["expires"] == {"N": "2000000000"}


def test_a_key_keeps_the_slashes_after_the_first(moto):
    """Only the first slash parts a key; scans give keys as they were written."""
    ledger = moto.ports({"PURISTA_LEDGER": moto.table()}).ledger
    keys = ["queue:a/1/2", "queue:a/1", "schedule:S.1.x/run/5", "counter"]
    for key in keys:
        ledger.write(key, {}, expected=0)

    assert [key for key, _ in ledger.scan("")] == sorted(keys)
    assert [key for key, _ in ledger.scan("queue:")] == ["queue:a/1", "queue:a/1/2"]
    assert [key for key, _ in ledger.scan("queue:a/1/")] == ["queue:a/1/2"]


@pytest.mark.parametrize("prefix", ["queue:a/", "queue:"], ids=["query", "scan"])
def test_a_scan_reads_every_page(moto, prefix):
    """DynamoDB gives a megabyte at a time; a scan goes on until there is no more."""
    ledger = moto.ports({"PURISTA_LEDGER": moto.table()}).ledger
    for number in range(5):
        ledger.write(f"queue:a/{number}", {"progress": "x" * 350_000}, expected=0)

    assert [key for key, _ in ledger.scan(prefix)] == [f"queue:a/{number}" for number in range(5)]


@pytest.mark.parametrize("expected", [0, 1], ids=["creation", "update"])
def test_a_write_whose_answer_got_lost_is_no_conflict(moto, expected):
    """When the SDK sends a write again that was done already, the write meets itself and counts as done, once."""
    real = moto.client("dynamodb")
    sent = []

    class Stuttering:
        def put_item(self, **parameters):
            sent.append(parameters)
            if len(sent) > expected:
                real.put_item(**parameters)
            return real.put_item(**parameters)

        def get_item(self, **parameters):
            return real.get_item(**parameters)

    ledger = moto.ports({"PURISTA_LEDGER": moto.table()}, clients=lambda _: Stuttering()).ledger
    for version in range(expected + 1):
        assert ledger.write(KEY, {"n": version}, expected=version)

    stored = ledger.read(KEY)
    assert (stored.version, stored.fields) == (expected + 1, {"n": expected})


def test_two_writers_of_the_same_fields_are_told_apart(moto):
    """Of two that write the same at the same version one has written, and the other knows that it has not."""
    environment = {"PURISTA_LEDGER": moto.table()}
    first, second = moto.ports(environment).ledger, moto.ports(environment).ledger

    assert [ledger.write(KEY, {"owner": "x"}, expected=0) for ledger in (first, second)] == [True, False]


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (refused("ProvisionedThroughputExceededException"), Unavailable),
        (refused("ThrottlingException"), Unavailable),
        (refused("TransactionConflictException"), Unavailable),
        (refused("InternalServerError", 500), Unavailable),
        (refused("AccessDeniedException"), UndeclaredUse),
        (refused("ResourceNotFoundException"), ProviderRefused),
    ],
)
def test_a_throttle_is_no_conflict(error, ours):
    """Only a condition that did not hold says that somebody else has written; all else is an error that says what."""
    ledger = Scripted(error).ports(TABLE).ledger

    with pytest.raises(ours, match=f"dynamodb:PutItem on '?{KEY}"):
        ledger.write(KEY, {}, expected=1)
    with pytest.raises(ours, match=f"dynamodb:GetItem on '?{KEY}"):
        ledger.read(KEY)


def test_a_record_beyond_an_item_is_refused_before_it_is_sent(moto):
    """An item holds 400 KB: just below goes, above is an error that names record, size, limit and fix."""
    ledger = moto.ports({"PURISTA_LEDGER": moto.table()}).ledger

    assert ledger.write(KEY, {"result": "x" * 401_300}, expected=0)
    with pytest.raises(TooLarge, match=rf"the record '{KEY}' has \d+ bytes, 401408 are the most; keep results"):
        ledger.write(KEY, {"result": "x" * 401_408}, expected=1)


def test_every_read_sees_the_latest_write():
    """Reads and scans are strongly consistent: a lease that was just taken is never overlooked."""
    client = Scripted({}, {"Items": []})
    ledger = client.ports(TABLE).ledger
    ledger.read(KEY)
    list(ledger.scan("queue:a/"))
    list(ledger.scan("queue:"))

    assert [(call["operation"], call["ConsistentRead"]) for call in client.calls] == [
        ("get_item", True),
        ("query", True),
        ("scan", True),
    ]
