"""Dead letters on a stack: listed, shown, sent again, moved and purged, on real queues of a moto server."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from purista_serverless.adapters.aws.stack.operator import StackOperations
from purista_serverless.errors import BadEvent, DeclarationError, InvalidPayload
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Job, Message, Party
from purista_serverless.runtime.ports import DeadLetter
from tests.unit.aws.stack import shop

ORDER = {"sku": "tea", "count": 2}
PARTY = Party("Shop", "1", "somebody")
SLOT = int(datetime(2026, 1, 5, 6, tzinfo=UTC).timestamp() * 1000)


def job(queue: str = "shop.mails", job_id: str = "a1", payload=ORDER, **fields) -> bytes:
    """Give the body of a job."""
    return Job(id=job_id, queue=queue, payload=payload, created_at=1_000, **fields).encode()


def message(message_type: str = CUSTOM_MESSAGE, payload=ORDER, **fields) -> bytes:
    """Give the body of a message."""
    event = "shop.shipped" if message_type == CUSTOM_MESSAGE else None
    given: dict[str, Any] = {"id": "m1", "sender": PARTY, "timestamp": 1_000, "event_name": event, **fields}
    return Message(message_type=message_type, payload=payload, **given).encode()


def letter(edge: str, body: bytes, letter_id: str = "a1", **fields) -> DeadLetter:
    """Give a letter as a function writes it."""
    return DeadLetter(
        **{
            "edge": edge,
            "id": letter_id,
            "body": body,
            "reason": "ValueError: no",
            "attempts": 10,
            "generation": 0,
            "at": 5_000,
            **fields,
        }
    )


BODIES = {
    "queue:shop.mails": job(),
    "queue:shop.packing": job("shop.packing"),
    "queue:shop.lines": job("shop.lines", ordering_key="tea"),
    "subscription:Shop.1.tell": message(),
    "binding:shop.shipped:shop.mails": message(),
    "call:Shop.1.daily": message(COMMAND, receiver=Party("Shop", "1", "count")),
}


def test_letters_are_listed_and_given_back(operate, ports):
    """What is looked at is there for others afterwards, and tells what a function said of it."""
    for number in range(12):
        ports.dead_letters.put(letter("queue:shop.mails", job(job_id=f"a{number}"), f"a{number}", at=100 - number))
    operations = operate()

    found = operations.letters()

    assert [one.id for one in found] == [f"a{number}" for number in reversed(range(12))]
    assert (found[0].reason, found[0].attempts, found[0].at) == ("ValueError: no", 10, 89)
    assert operate().letters() == ()
    operations.close()
    assert len(operate().letters("queue:shop.mails", limit=5)) == 5


def test_copies_are_one_letter(operate, ports, moto, stack):
    """A letter that was put twice is shown once, and gone with its copy."""
    for _ in range(2):
        ports.dead_letters.put(letter("queue:shop.mails", job()))
    operations = operate()

    (found,) = operations.letters()
    assert operations.redrive(found)

    assert moto.counts(stack.dead_letters["queue:shop.mails"]) == (0, 0, 0)
    assert moto.counts(stack.queues["queue:shop.mails"])[0] == 1


@pytest.mark.parametrize("edge", BODIES)
def test_redriving(operate, ports, moto, stack, edge):
    """A letter goes back to the queue of its edge as a new generation, as of now, and leaves the dead letters."""
    ports.dead_letters.put(letter(edge, BODIES[edge], "m1"))
    operations = operate()
    (found,) = operations.letters(edge)

    assert operations.judge(found)
    assert operations.redrive(found)

    (sent,) = moto.receive(stack.queues[edge])
    body = Job.decode(sent["Body"]) if edge.startswith("queue:") else Message.decode(sent["Body"])
    assert body.generation == 1
    assert (body.created_at if isinstance(body, Job) else body.timestamp) > 1_000
    assert moto.counts(stack.dead_letters[edge]) == (0, 0, 0)


@pytest.mark.parametrize("edge", BODIES)
def test_what_does_not_match_stays(operate, ports, moto, stack, edge):
    """A letter that today's types refuse is told with its field and stays; judging it says the same."""
    wrong = json.loads(BODIES[edge])
    # A command's message holds payload and parameter one level deeper.
    del (wrong["payload"]["payload"] if edge.startswith("call:") else wrong["payload"])["count"]
    ports.dead_letters.put(letter(edge, json.dumps(wrong).encode(), "m1"))
    operations = operate()
    (found,) = operations.letters(edge)

    for act in (operations.judge, operations.redrive):
        with pytest.raises(InvalidPayload) as refused:
            act(found)
        assert [problem["path"] for problem in refused.value.problems] == ["count"]
    operations.close()

    assert moto.counts(stack.dead_letters[edge])[0] == 1
    assert moto.receive(stack.queues[edge]) == []


def test_what_does_not_decode_stays(operate, ports):
    """A body that is no job can be shown and purged, and is not sent."""
    ports.dead_letters.put(letter("queue:shop.mails", b"no json"))
    operations = operate()
    (found,) = operations.letters()

    assert found.body == b"no json"
    with pytest.raises(BadEvent):
        operations.redrive(found)


def test_what_sqs_moved_itself(operate, moto, stack):
    """A message that no function settled has no label of ours: its body tells its id, and it is said who moved it."""
    event = {"detail-type": "shop.shipped", "source": "purista.shop", "id": "e1", "detail": json.loads(message())}
    moto.client("sqs").send_message(
        QueueUrl=stack.dead_letters["subscription:Shop.1.tell"], MessageBody=json.dumps(event)
    )
    operations = operate()

    (found,) = operations.letters()
    assert (found.id, found.generation, found.attempts) == ("m1", 0, 0)
    assert "SQS moved it" in found.reason
    assert Message.decode(found.body).event_name == "shop.shipped"
    operations.redrive(found)
    assert len(moto.receive(stack.queues["subscription:Shop.1.tell"])) == 1


def test_what_could_not_be_delivered(operate, moto, stack):
    """EventBridge says why it gave up; that is the letter's reason."""
    moto.client("sqs").send_message(
        QueueUrl=stack.dead_letters["subscription:Shop.1.tell"],
        MessageBody=json.dumps(
            {"detail-type": "other", "source": "them", "id": "e1", "time": "2026-01-05T06:00:00Z", "detail": {}}
        ),
        MessageAttributes={"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}},
    )

    (found,) = operate().letters()

    assert (found.id, found.reason) == ("e1", "NO_PERMISSIONS")


def test_a_large_body(operate, ports, moto, stack):
    """A body that is kept elsewhere is shown whole, and redriving keeps it elsewhere again, under a key of its own."""
    large = {**ORDER, "note": "x" * 1_100_000}
    ports.dead_letters.put(letter("queue:shop.mails", job(payload=large)))
    operations = operate()

    (found,) = operations.letters()
    assert len(found.body) > 1_100_000
    operations.redrive(found)

    (sent,) = moto.receive(stack.queues["queue:shop.mails"])
    claim = json.loads(sent["Body"])
    assert claim["key"] == "queue:shop.mails/a1:1"
    assert Job.decode(ports.claims.fetch(claim)).generation == 1


def test_a_run_that_was_not_triggered(operate, ports, moto, stack):
    """The slot of a schedule's run is triggered again, with the ids that it had."""
    ports.dead_letters.put(letter("schedule:Shop.1.hourly", b"{}", f"Shop.1.hourly@{SLOT}"))
    operations = operate()
    (found,) = operations.letters()

    assert operations.judge(found)
    assert operations.redrive(found)

    (sent,) = moto.receive(stack.queues["queue:shop.packing"])
    assert Job.decode(sent["Body"]).payload is not None
    assert operations.letters() == ()


@pytest.mark.parametrize(("schedule", "target"), [("hourly", "gate:Shop.1.hourly"), ("weekly", None)])
def test_a_slot_that_never_arrived(operate, moto, stack, schedule, target):
    """A slot goes to its gate, where policies are kept; one of a schedule without a gate is triggered."""
    name = f"Shop.1.{schedule}"
    slot = json.dumps({"purista": "slot", "schedule": name, "slot": "2026-01-05T06:00:00Z"})
    moto.client("sqs").send_message(QueueUrl=stack.dead_letters[f"schedule:{name}"], MessageBody=slot)
    operations = operate()

    (found,) = operations.letters()
    assert found.id == f"{name}@{SLOT}"
    assert operations.redrive(found)

    if target is not None:
        assert [sent["Body"] for sent in moto.receive(stack.queues[target])] == [slot]
    assert moto.counts(stack.dead_letters[f"schedule:{name}"]) == (0, 0, 0)


def test_one_letter(operate, ports):
    """A letter is found by its id, the newest generation first, or by its key."""
    for generation in (0, 1):
        ports.dead_letters.put(letter("queue:shop.mails", job(), generation=generation))
    operations = operate()

    assert operations.letter("queue:shop.mails", "a1").generation == 1
    assert operations.letter("queue:shop.mails", "a1:0").generation == 0
    with pytest.raises(KeyError):
        operations.letter("queue:shop.mails", "b2")


def test_purging(operate, ports, moto, stack):
    """The letters of one edge are deleted and counted, those of others stay."""
    for edge in ("queue:shop.mails", "queue:shop.packing"):
        ports.dead_letters.put(letter(edge, BODIES[edge]))
    operations = operate()
    operations.letters()

    assert operations.count_letters("queue:shop.mails") == 1
    assert operations.purge("queue:shop.mails") == 1
    assert [one.edge for one in operations.letters()] == ["queue:shop.packing"]


def test_moving_in_bulk(moto, stack):
    """Letters of an untracked queue are moved by SQS itself, as they are; moto does not know how, a stub does."""
    client = moto.client_of("sqs", "testing", "testing")
    source, target = (found["queue:shop.mails"] for found in (stack.dead_letters, stack.queues))
    asked = [
        (source, {"ApproximateNumberOfMessages": "7"}),
        (source, {"QueueArn": "arn:s"}),
        (target, {"QueueArn": "arn:t"}),
    ]
    with Stubber(client) as stub:
        for url, attributes in asked:
            wanted = {"QueueUrl": url, "AttributeNames": ["All"]}
            stub.add_response("get_queue_attributes", {"Attributes": attributes}, wanted)
        stub.add_response(
            "start_message_move_task", {"TaskHandle": "t"}, {"SourceArn": "arn:s", "DestinationArn": "arn:t"}
        )

        assert StackOperations(shop.app, stack, clients=lambda _service: client).move("queue:shop.mails") == 7
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("edge", ["queue:shop.packing", "schedule:Shop.1.hourly", "queue:other"])
def test_what_is_not_moved_in_bulk(operate, edge):
    """Letters of a tracked queue would be of an old generation; a schedule has no queue to move to."""
    with pytest.raises(DeclarationError):
        operate().move(edge)


def test_an_edge_that_is_not_declared_any_more(moto, stack, operate):
    """A letter of an edge that today's application does not have is shown, and cannot be redriven."""
    gone = "queue:shop.gone"
    operations = operate()
    stack.dead_letters[gone] = moto.queue()
    moto.client("sqs").send_message(QueueUrl=stack.dead_letters[gone], MessageBody=job("shop.gone").decode())

    (found,) = operations.letters(gone)
    with pytest.raises(DeclarationError):
        operations.redrive(found)
