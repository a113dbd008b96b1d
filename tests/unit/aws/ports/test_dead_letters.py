"""Dead letters: the body as it came, and as much beside it as fits."""

import json

import pytest

from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, MAX_MESSAGE
from purista_serverless.errors import TooLarge
from purista_serverless.runtime.ports import DeadLetter

EDGE = "subscription:Ledger.1.record"


def letter(body=b'{"id":"m1"}', **fields):
    """Give a letter of a subscription."""
    given = {"id": "m1", "reason": "the card was declined", "attempts": 3, "generation": 1, "at": 1_700_000_000_000}
    return DeadLetter(edge=EDGE, body=body, **{**given, **fields})


def put(moto, letter, url=None, **environment):
    """Put a letter, and give the message that the queue has then."""
    url = url or moto.queue()
    ports = moto.ports({"PURISTA_DEAD_LETTERS": {EDGE: url}, **environment})
    ports.dead_letters.put(letter)
    (message,) = moto.receive(url)
    return ports, message


def attributes_of(message):
    """Give the attributes of a message by name."""
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}


def test_a_letter_holds_the_body_and_why_it_is_there(moto):
    """The body is what came; reason, count, generation and the rest are attributes, numbers as such."""
    _, message = put(moto, letter())

    assert message["Body"] == '{"id":"m1"}'
    assert attributes_of(message) == {
        "edge": EDGE,
        "id": "m1",
        "generation": "1",
        "reason": "the card was declined",
        "attempts": "3",
        "at": "1700000000000",
    }
    assert message["MessageAttributes"]["at"]["DataType"] == "Number"


def test_a_letter_of_a_fifo_edge_is_kept_once(moto):
    """The dead letters of a FIFO queue are a FIFO queue, where copies of one letter are one."""
    url = moto.fifo()
    ports = moto.ports({"PURISTA_DEAD_LETTERS": {EDGE: url}})
    for generation in (0, 0, 1):
        ports.dead_letters.put(letter(generation=generation))

    assert moto.counts(url) == (2, 0, 0)


@pytest.mark.parametrize("reason", ["", "\x00\ud800\uffff", "Zürich " * 2_000], ids=["none", "illegal", "long"])
def test_any_reason_gets_through(moto, reason):
    """A reason is cut to two kilobytes of characters that SQS accepts; an empty one is left out."""
    _, message = put(moto, letter(reason=reason))

    found = attributes_of(message).get("reason", "")
    assert len(found.encode()) <= 2_048
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ("spare", "has_rest", "reasons"), [(0, False, 0), (100, False, 0), (200, True, 87), (4_096, True, 2_048)]
)
def test_a_body_of_any_size_gets_through(moto, spare, has_rest, reasons):
    """A body that others sent may fill the message: then the reason is cut, and at last all attributes are left out."""
    body = b'"' + b"x" * (MAX_MESSAGE - spare - 2) + b'"'
    _, message = put(moto, letter(body, reason="r" * 5_000))

    attributes = attributes_of(message)
    assert len(message["Body"]) == len(body)
    assert ("edge" in attributes) == has_rest
    assert len(attributes.get("reason", "")) == reasons


def test_what_travelled_as_claim_is_a_claim_again(moto):
    """A body that no message holds goes to the bucket, under the letter's edge."""
    body = b'"' + b"x" * BODY_BUDGET + b'"'
    ports, message = put(moto, letter(body), PURISTA_CLAIM_CHECK=moto.bucket())

    claim = json.loads(message["Body"])
    assert claim["key"] == f"{EDGE}/m1:1"
    assert ports.claims.fetch(claim) == body
    assert attributes_of(message)["reason"] == "the card was declined"


def test_a_body_that_no_message_holds_is_refused_where_claim_check_is_off(moto):
    """There is no place for it, and the error says so."""
    with pytest.raises(TooLarge, match=f"{EDGE} has .* {MAX_MESSAGE} are the most"):
        put(moto, letter(b"x" * (MAX_MESSAGE + 1)))
