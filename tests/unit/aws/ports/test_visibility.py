"""When messages that were received and not deleted come again."""

from tests.unit.aws.ports.scripted import Scripted, refused

EDGE = "queue:billing.closing"


def received(moto, count):
    """Give a queue from which that many messages were received, and their receipt handles."""
    url = moto.queue(VisibilityTimeout="600")
    for number in range(count):
        moto.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    handles: list[str] = []
    while len(handles) < count:
        handles += [message["ReceiptHandle"] for message in moto.receive(url)]
    return url, handles


def test_each_message_comes_again_when_it_should(moto):
    """Messages that shall come at once are visible again, also in more than one request; the others stay hidden."""
    url, handles = received(moto, 23)
    ports = moto.ports({"PURISTA_QUEUES": {EDGE: url}})
    ports.visibility.postpone(EDGE, [(handle, 0 if number % 2 else 900) for number, handle in enumerate(handles)])

    assert moto.counts(url) == (11, 12, 0)


def test_one_message_that_fails_does_not_hold_the_others(moto, caplog):
    """A handle that is no longer valid is logged; the message beside it comes again."""
    url, handles = received(moto, 1)
    ports = moto.ports({"PURISTA_QUEUES": {EDGE: url}})
    ports.visibility.postpone(EDGE, [("no handle", 0), (handles[0], 0)])

    assert moto.counts(url) == (1, 0, 0)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"a message of {EDGE} keeps its visibility: ")


def test_a_request_that_fails_is_logged_and_the_next_is_made(caplog):
    """An outage never fails the batch whose messages these are: they come again when their visibility ends."""
    client = Scripted(refused("ServiceUnavailable", 503), {"Successful": []})
    client.ports({"PURISTA_QUEUES": '{"queue:billing.closing": "http://sqs/queue"}'}).visibility.postpone(
        EDGE, [(str(number), 1) for number in range(11)]
    )

    assert [len(call["Entries"]) for call in client.calls] == [10, 1]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_nothing_to_change_is_no_request():
    """A batch in which nothing failed asks nobody."""
    client = Scripted({})
    client.ports({}).visibility.postpone(EDGE, [])

    assert client.calls == []
