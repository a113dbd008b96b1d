"""Records in Firestore where its emulator cannot show it: lost answers, races, bounds, and the number of requests."""

import json

import pytest

from purista_serverless.adapters.gcp.ports.ledger import id_of
from purista_serverless.errors import TooLarge, Unavailable
from tests.unit.gcp.ports.apis import failure

KEY = "queue:billing.closing/j1"
PLACE = "projects/p/databases/shop/documents"


def document(version=1, writer="w", expires=None, updated="2026-11-20T10:00:00.000001Z"):
    """Give a document as Firestore does."""
    fields = {
        "key": {"stringValue": KEY},
        "version": {"integerValue": str(version)},
        "fields": {"stringValue": '{"status":"queued"}'},
        "writer": {"stringValue": writer},
    }
    if expires is not None:
        fields["expires"] = {"timestampValue": expires}
    return 200, {"name": f"{PLACE}/records/x", "fields": fields, "updateTime": updated}


def written(updated="2026-11-20T10:00:00.000002Z"):
    """Give the answer to a write."""
    return 200, {"writeResults": [{"updateTime": updated}], "commitTime": updated}


def conditions(apis):
    """Give the preconditions of the writes that were asked for."""
    return [asked.json["writes"][0]["currentDocument"] for asked in apis.asked if asked.path.endswith(":commit")]


def test_a_creation_is_one_request(apis):
    """It expects that there is no document; key, version and expiry are fields of their own."""
    apis.answers = [written()]
    assert apis.ports().ledger.write(KEY, {"status": "queued"}, expected=0, expires=1_790_000_000_001)

    (asked,) = apis.asked
    (write,) = asked.json["writes"]
    assert asked.path == f"/v1/{PLACE}:commit"
    assert write["currentDocument"] == {"exists": False}
    assert write["update"]["name"] == f"{PLACE}/records/queue%3Abilling.closing%2Fj1"
    fields = write["update"]["fields"]
    assert fields["key"] == {"stringValue": KEY}
    assert fields["version"] == {"integerValue": "1"}
    assert json.loads(fields["fields"]["stringValue"]) == {"status": "queued"}
    assert fields["expires"] == {"timestampValue": "2026-09-21T14:13:20.001Z"}


def test_a_change_of_what_was_read_or_written_is_one_request(apis):
    """The time of the last write is known, and is the condition of the next one."""
    apis.answers = [document(), written("2026-11-20T10:00:00.000002Z"), written("2026-11-20T10:00:00.000003Z")]
    ledger = apis.ports().ledger
    ledger.read(KEY)

    assert ledger.write(KEY, {}, expected=1)
    assert ledger.write(KEY, {}, expected=2)
    assert conditions(apis) == [
        {"updateTime": "2026-11-20T10:00:00.000001Z"},
        {"updateTime": "2026-11-20T10:00:00.000002Z"},
    ]
    assert len(apis.asked) == 3


def test_a_change_of_what_nobody_read_reads_it_first(apis):
    """Another process may have been told the version: what it is the version of has to be found out."""
    apis.answers = [document(version=4), written()]

    assert apis.ports().ledger.write(KEY, {}, expected=4)
    assert apis.asked[0].path == f"/v1/{PLACE}/records/queue%253Abilling.closing%252Fj1"


def test_a_write_whose_answer_got_lost_is_written(apis):
    """It is sent again, meets itself, and says that it was written."""
    ledger = apis.ports().ledger
    apis.answers = [None, failure(409, "ALREADY_EXISTS")]

    def tell(asked):
        writer = asked.json["writes"][0]["update"]["fields"]["writer"]["stringValue"]
        apis.answers.append(document(writer=writer))

    # The document that is there then is the one that the first request brought.
    pauses = ledger._deployment._pause  # noqa: SLF001 - when the second request is about to be sent
    ledger._deployment._pause = lambda seconds: (pauses(seconds), tell(apis.asked[0]))  # noqa: SLF001

    assert ledger.write(KEY, {}, expected=0)


def test_somebody_else_s_record_is_no_success(apis):
    """A creation that meets a living record of another writer is refused."""
    apis.answers = [failure(409, "ALREADY_EXISTS"), document(writer="other")]

    assert not apis.ports().ledger.write(KEY, {}, expected=0)


def test_an_expired_record_is_overwritten_only_as_it_was_found(apis):
    """Two that meet the same expired record cannot both create: the time of its last write is the condition."""
    expired = document(writer="other", expires="2026-01-01T00:00:00Z")
    apis.answers = [failure(409, "ALREADY_EXISTS"), expired, failure(400, "FAILED_PRECONDITION")]

    assert not apis.ports().ledger.write(KEY, {}, expected=0)
    assert conditions(apis) == [{"exists": False}, {"updateTime": "2026-11-20T10:00:00.000001Z"}]


def test_a_record_that_vanishes_meanwhile_is_created(apis):
    """Firestore removed what had expired between the refusal and the look at it."""
    apis.answers = [failure(409, "ALREADY_EXISTS"), failure(404, "NOT_FOUND"), written()]

    assert apis.ports().ledger.write(KEY, {}, expected=0)
    assert conditions(apis) == [{"exists": False}, {"exists": False}]


def test_two_writers_at_once_are_asked_to_wait(apis):
    """Firestore aborts one of them, which is tried again before anybody hears of it."""
    apis.answers = [failure(409, "ABORTED"), written()]
    assert apis.ports().ledger.write(KEY, {}, expected=0)

    apis.answers = [failure(409, "ABORTED")] * 4
    with pytest.raises(Unavailable, match=r"datastore.entities.update"):
        apis.ports().ledger.write(KEY, {}, expected=0)


def test_a_record_beyond_a_document_is_refused(apis):
    """Nothing is sent; the error says what to keep small."""
    with pytest.raises(TooLarge, match=r"the record .* keep results and progress small"):
        apis.ports().ledger.write(KEY, {"result": "x" * 1_048_576}, expected=0)
    assert apis.asked == []


def test_a_scan_turns_pages(apis):
    """Each page begins after the last key of the one before, and the first that does not belong ends it."""
    rows = [{"document": document()[1]} for _ in range(300)]
    other = document()[1]
    other["fields"]["key"] = {"stringValue": "queue:other/1"}
    apis.answers = [(200, rows), (200, [rows[0], {"document": other}, rows[0]])]

    assert len(list(apis.ports().ledger.scan("queue:billing.closing/"))) == 301
    first, second = (asked.json["structuredQuery"]["startAt"] for asked in apis.asked)
    assert first == {"values": [{"stringValue": "queue:billing.closing/"}], "before": True}
    assert second == {"values": [{"stringValue": KEY}], "before": False}


@pytest.mark.parametrize(
    ("key", "id"),
    [("a/b", "a%2Fb"), ("__name__", "%5F%5Fname%5F%5F"), ("é", "%C3%A9")],
)
def test_ids_of_documents_are_legal_and_readable(key, id):
    """Neither slashes nor reserved names occur in them."""
    assert id_of(key) == id


@pytest.mark.parametrize("key", [".", "..", "ü" * 500], ids=ascii)
def test_what_cannot_be_an_id_becomes_a_hash(key):
    """Two names of folders, and everything beyond 1,500 bytes."""
    assert id_of(key).startswith("sha256-")
    assert len(id_of(key)) == 71
