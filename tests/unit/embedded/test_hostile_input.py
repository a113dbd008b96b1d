"""Messages as nobody wants them: huge, deep, in wrong encodings. None harms another, none is lost."""

import json
from typing import Any

import pytest

from purista_serverless.errors import BoundExceeded
from purista_serverless.message import Job
from tests.unit.embedded.shop import host_of, shop

EDGE = "queue:shop.orders"
SUBSCRIPTION = "subscription:Shop.1.told"

GOOD = {"id": "1", "queueName": "shop.orders", "payload": "fine"}


def wire(**changes: Any) -> bytes:
    """Give a job as bytes, with some fields changed."""
    return json.dumps({**GOOD, **changes}).encode()


BODIES = {
    "brackets that never close": b"[" * 100_000,
    "an object that is nested deeply": b'{"id":' * 50_000 + b"1" + b"}" * 50_000,
    "a payload that is nested deeply": wire(payload=0).replace(b"0", b"[" * 50_000 + b"]" * 50_000, 1),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "latin-1": json.dumps({**GOOD, "payload": "Zürich"}, ensure_ascii=False).encode("latin-1"),
    "cut in the middle of a character": json.dumps({**GOOD, "payload": "ü"}, ensure_ascii=False).encode()[:-3],
    "a byte order mark": b"\xef\xbb\xbf" + wire(),
    "binary": bytes(range(256)) * 100,
    "nothing": b"",
    "half a surrogate pair in the id": wire(id="\ud800"),
    "half a surrogate pair in the payload": wire(payload="\udc00"),
    "a number that is none": b'{"id": "1", "queueName": "shop.orders", "payload": NaN}',
    "an id that is no text": wire(id=7),
    "headers that are no texts": wire(headers={"a": 1}),
    "a time that is no number": wire(createdAt="today"),
}


@pytest.mark.parametrize("tracking", ["none", "full"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_job_is_a_dead_letter_byte_by_byte(tmp_path, body, tracking):
    """It is kept as it came, with a reason, and the jobs beside it are done."""
    declared = shop(str, tracking=tracking)
    with host_of(declared, tmp_path / "a.db") as host:
        host.client.enqueue(declared.orders, "before")
        host.store.send(EDGE, "hostile", body)
        host.client.enqueue(declared.orders, "after")
        host.step()

        (letter,) = host.dead_letters.letters()
        assert (letter.edge, letter.body) == (EDGE, body)
        assert letter.reason
        assert [value for kind, value in declared.seen if kind == "order"] == ["before", "after"]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_message_is_a_dead_letter_of_its_subscription(tmp_path, body):
    """Subscriptions keep what they cannot read as queues do."""
    declared = shop(str)
    with host_of(declared, tmp_path / "a.db") as host:
        host.store.send(SUBSCRIPTION, "hostile", body)
        host.client.emit(declared.sold, "after")
        host.step()

        (letter,) = host.dead_letters.letters()
        assert (letter.edge, letter.body) == (SUBSCRIPTION, body)
        assert declared.seen == [("told", "after")]


def test_a_message_of_20_megabytes_arrives(tmp_path):
    """The file takes what a queue does not bound; the handler is given every byte of it."""
    declared = shop(str, tracking="full")
    order = "ü" * 10_000_000
    with host_of(declared, tmp_path / "a.db") as host:
        host.client.enqueue(declared.orders, order)
        host.step()

        assert [(kind, len(value)) for kind, value in declared.seen] == [("order", 10_000_000), ("told", 10_000_000)]
        assert declared.seen[0][1] == order


def test_a_message_beyond_the_bound_of_its_queue_is_an_error_of_the_caller(tmp_path):
    """The error names queue, bound and size; nothing is written."""
    declared = shop(str, max_payload=1_000_000)
    with host_of(declared, tmp_path / "a.db") as host:
        with pytest.raises(BoundExceeded, match=r"'shop\.orders' declares max_payload=1000000 bytes, but 20000002"):
            host.client.enqueue(declared.orders, "x" * 20_000_000)

        assert host.store.next_due(EDGE) is None


def test_texts_beyond_ascii_survive_in_every_field(tmp_path):
    """Ids, keys, headers and payloads are what they were."""
    text = "Zürich · 北京 · 🧾 · \x00 · \u2028"
    declared = shop(str, ordering_key=lambda order: order)
    with host_of(declared, tmp_path / "a.db") as host:
        host.client.enqueue(declared.orders, text, idempotency_key=text, headers={"note": text})
        (leased,) = host.store.lease(EDGE, 1_000)

        job = Job.decode(leased.body)
        assert (job.idempotency_key, job.headers["note"], job.ordering_key) == (text, text, text)
        assert leased.ordering_key == text


def test_halves_of_surrogate_pairs_are_spelled_out(tmp_path):
    """They are no characters and cannot be stored; as an id or a key they are still told apart."""
    with host_of(shop(), tmp_path / "a.db") as host:
        host.store.send(EDGE, "\ud800", b"1", ordering_key="\ud800")
        host.store.send(EDGE, "\udc00", b"2", ordering_key="\udc00")

        leased = host.store.lease(EDGE, 1_000, 2)
        assert [(found.id, found.ordering_key) for found in leased] == [("\\ud800", "\\ud800"), ("\\udc00", "\\udc00")]
