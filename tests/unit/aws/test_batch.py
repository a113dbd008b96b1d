"""Batches of SQS: each record for itself, one change of visibilities, order within groups, the time that is left."""

import json
from typing import Any

import pytest

from purista_serverless.errors import BadEvent, Unavailable
from purista_serverless.message import Job
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.records import RUNNING, JobRecord
from tests.unit.aws.wire import Deployed, batch, failures, record
from tests.unit.deployed import SENT

PACK, ORDER, ROUNDS = "worker:Shop.1.pack", "worker:Shop.1.order", "worker:Shop.1.goRound"
INSIST = "worker:Shop.1.insist"


def job(text: str, *, queue: str = "shop.packing", number: int = 0, **fields: Any) -> str:
    """Give a job as SQS carries it."""
    created = {"created_at": SENT, **fields}
    return Job(id=f"job-{number}", queue=queue, payload={"text": text}, **created).encode().decode()


def packing(*texts: str) -> Any:
    """Give a batch of the standard queue."""
    return batch(*(record(job(text, number=number), number=number) for number, text in enumerate(texts)))


def ordering(*texts: str) -> Any:
    """Give a batch of the FIFO queue: of ``a:fail`` the group is ``a`` and the text ``fail``."""
    divided = [text.split(":") for text in texts]
    return batch(
        *(
            record(job(text, queue="shop.ordering", number=number), number=number, group=group)
            for number, (group, text) in enumerate(divided)
        )
    )


def test_one_failing_record_never_fails_its_batch():
    """The others are done; it alone comes again, after its backoff."""
    function = Deployed(PACK)

    assert failures(function(packing("one", "fail", "two"))) == ["message-1"]
    assert function.notes.seen == ["one", "fail", "two"]
    assert function.ports.visibility.seconds == {"handle-1": 1}


def test_visibilities_are_changed_once_after_the_last_record():
    """Each record has its own time; a batch without failures changes nothing."""
    function = Deployed(PACK)
    function(packing("later", "fail", "one"))
    assert function.ports.visibility.edges == ["queue:shop.packing"]
    assert function.ports.visibility.seconds == {"handle-0": 90, "handle-1": 1}

    untroubled = Deployed(PACK)
    untroubled(packing("one"))
    assert untroubled.ports.visibility.edges == []


def test_the_last_attempt_ends_as_a_dead_letter():
    """The count of receives is the attempt; the letter is put away, then the record is done."""
    function = Deployed(PACK)

    assert failures(function(batch(record(job("fail"), receives=3)))) == []
    assert [(letter.edge, letter.id, letter.attempts) for letter in function.letters()] == [
        ("queue:shop.packing", "job-0", 3)
    ]


def test_a_job_that_is_not_due_for_long_waits_where_it_is():
    """A new message waits for a quarter of an hour at most: what is asked for beyond goes back to its queue, unrun.

    It comes again in time for the last quarter of an hour.
    """
    function = Deployed(PACK, now=SENT)

    assert failures(function(batch(record(job("one", scheduled_at=SENT + 3_600_000))))) == ["message-0"]
    assert function.notes.seen == []
    assert function.ports.visibility.seconds == {"handle-0": 2_700}


@pytest.mark.parametrize(("wait", "receives"), [(900_000, 1), (1, 1), (3_600_000, 4)])
def test_a_job_that_is_due_soon_is_sent_on(wait, receives):
    """A receive counts as an attempt and waiting is none: a new message starts the job as its first.

    It is sent on earlier where the queue's own limit of receives comes near.
    """
    function = Deployed(PACK, now=SENT)
    body = job("one", scheduled_at=SENT + wait)

    assert failures(function(batch(record(body, receives=receives)))) == []
    queues: Any = function.ports.queues
    ((sent, delay),) = queues.sent
    assert (sent.encode().decode(), delay) == (body, wait)
    assert (function.notes.seen, function.ports.visibility.edges) == ([], [])


@pytest.mark.parametrize(("receives", "sent"), [(20, 0), (21, 1)])
def test_a_job_is_sent_on_before_its_queue_forgets_it(receives, sent):
    """SQS keeps a message for 14 days: whatever the attempts, it becomes a new one after 20 waits of 12 hours."""
    function = Deployed(INSIST, now=SENT)
    body = job("one", queue="shop.patience", scheduled_at=SENT + 10 * 86_400_000)
    answer = function(batch(record(body, receives=receives)))

    queues: Any = function.ports.queues
    assert (len(queues.sent), len(failures(answer))) == (sent, 1 - sent)


def test_a_job_that_cannot_be_sent_on_waits_where_it_is():
    """It comes again when it is due, at the price of an attempt."""
    function = Deployed(PACK, now=SENT)
    unreachable: Any = Unreachable()
    function.ports.queues = unreachable

    assert failures(function(batch(record(job("one", scheduled_at=SENT + 60_000))))) == ["message-0"]
    assert function.ports.visibility.seconds == {"handle-0": 60}


def test_a_job_of_a_group_is_never_sent_on():
    """It would lose its place: the whole group waits."""
    function = Deployed(ORDER, now=SENT)
    early = job("one", queue="shop.ordering", scheduled_at=SENT + 60_000)
    late = job("two", queue="shop.ordering", number=1)

    answer = function(batch(record(early, group="a"), record(late, number=1, group="a")))

    assert failures(answer) == ["message-0", "message-1"]
    assert function.ports.visibility.seconds == {"handle-0": 60, "handle-1": 60}


def test_no_message_is_hidden_for_longer_than_sqs_allows():
    """What is due in a week comes back within twelve hours, counted from when it was received."""
    function = Deployed(PACK, now=SENT)
    function(batch(record(job("one", scheduled_at=SENT + 7 * 86_400_000))))

    assert function.ports.visibility.seconds == {"handle-0": 42_900}


def test_a_failing_record_stops_its_group_and_no_other():
    """Its followers come again together with it, unrun; the other group goes on."""
    function = Deployed(ORDER)

    answer = function(ordering("a:one", "b:later", "a:two", "b:three", "a:fail", "a:four"))

    assert function.notes.seen == ["one", "later", "two", "fail"]
    assert failures(answer) == ["message-1", "message-3", "message-4", "message-5"]
    assert function.ports.visibility.seconds == {"handle-1": 90, "handle-3": 90, "handle-4": 1, "handle-5": 1}


def test_a_dead_letter_lets_its_group_go_on():
    """What can never be done holds nobody back."""
    function = Deployed(ORDER)

    assert failures(function(ordering("a:refuse", "a:one"))) == []
    assert function.notes.seen == ["refuse", "one"]
    assert [letter.reason for letter in function.letters()] == ["422 not such a note"]


def test_async_handlers_of_a_standard_queue_run_at_the_same_time():
    """All of a batch begin before the first ends."""
    function = Deployed(ROUNDS)
    texts = ("a", "b", "c")
    records = [record(job(text, queue="shop.rounds", number=at), number=at) for at, text in enumerate(texts)]

    assert failures(function(batch(*records))) == []
    assert function.notes.seen == ["begin a", "begin b", "begin c", "end a", "end b", "end c"]


def test_async_handlers_of_a_group_run_one_after_the_other():
    """Order is kept whatever the handler is."""
    function = Deployed(ROUNDS)
    records = [
        record(job(text, queue="shop.rounds", number=at), number=at, group="a") for at, text in enumerate(("a", "b"))
    ]
    function(batch(*records))

    assert function.notes.seen == ["begin a", "end a", "begin b", "end b"]


def test_one_failing_async_handler_fails_no_other():
    """It alone comes again."""
    function = Deployed(ROUNDS)
    texts = ("a", "fail", "c")
    records = [record(job(text, queue="shop.rounds", number=at), number=at) for at, text in enumerate(texts)]

    assert failures(function(batch(*records))) == ["message-1"]


class Slow:
    """Notes of a handler that takes its time, on the virtual clock."""

    def __init__(self, function: Deployed, takes: int) -> None:
        self.function = function
        self.takes = takes
        self.seen: list[str] = []

    def append(self, text: str) -> None:
        """Let time pass."""
        self.seen.append(text)
        self.function.clock.run_until(self.function.clock.now() + self.takes)


def slowed(name: str, takes: int) -> tuple[Deployed, Slow]:
    """Deploy a function whose handler takes some milliseconds."""
    function = Deployed(name)
    slow: Any = Slow(function, takes)
    function.notes.seen = slow
    return function, slow


def test_what_cannot_end_in_the_time_that_is_left_is_not_started():
    """A record that takes as long as those before it would be cut off: it goes back at once, for another invocation."""
    function, slow = slowed(PACK, 4_000)

    answer = function(packing("one", "two", "three", "four"), remaining=12_000)

    assert slow.seen == ["one", "two"]
    assert failures(answer) == ["message-2", "message-3"]
    assert function.ports.visibility.seconds == {"handle-2": 0, "handle-3": 0}


def test_an_unstarted_record_keeps_its_group_in_order():
    """Whoever comes behind it in its group is not started either."""
    function, slow = slowed(ORDER, 4_000)

    answer = function(ordering("a:one", "a:two", "b:three", "a:four"), remaining=8_000)

    assert slow.seen == ["one"]
    assert failures(answer) == ["message-1", "message-2", "message-3"]
    assert set(function.ports.visibility.seconds.values()) == {0}


def test_the_first_record_is_started_however_little_time_there_is():
    """A function whose timeout is too short shows it: nothing is passed around for ever without a run."""
    function = Deployed(PACK)

    assert failures(function(packing("one"), remaining=10)) == []
    assert function.notes.seen == ["one"]


class Unreachable:
    """A port that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(f"{name} cannot be reached")


class Broken:
    """A port with a fault of its own."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name} is broken")


@pytest.mark.parametrize("port", [Unreachable(), Broken()], ids=["unreachable", "broken"])
def test_a_record_that_cannot_be_settled_comes_again(port):
    """Nothing is deleted that is not put away, and the others of its batch are settled all the same."""
    function = Deployed(PACK)
    function.ports.dead_letters = port

    assert failures(function(packing("refuse", "one"))) == ["message-0"]
    assert function.ports.visibility.seconds == {"handle-0": 1}
    assert function.notes.seen == ["refuse", "one"]


def test_an_async_record_that_cannot_be_settled_comes_again():
    """The same holds where records run at the same time."""
    function = Deployed(ROUNDS)
    broken: Any = Broken()
    function.ports.dead_letters = broken
    texts = ("refuse", "one")
    records = [record(job(text, queue="shop.rounds", number=at), number=at) for at, text in enumerate(texts)]

    assert failures(function(batch(*records))) == ["message-0"]


def test_a_job_under_a_live_lease_comes_again_when_the_lease_ends():
    """Another invocation works on it: this delivery is no attempt, and waits for as long as that one may take."""
    function = Deployed(ROUNDS)
    now = function.clock.now()
    fresh = JobRecord(job_id="job-0", queue="shop.rounds", status=RUNNING, updated_at=now)
    ledger = JobLedger(function.ports.ledger, "shop.rounds", 86_400_000)
    ledger.begin(fresh, owner="another message", lease_until=now + 30_000, max_attempts=3, now=now)

    assert failures(function(batch(record(job("one", queue="shop.rounds"), receives=2)))) == ["message-0"]
    assert function.notes.seen == []
    assert function.ports.visibility.seconds["handle-0"] >= 30


def test_a_lease_ends_no_later_than_the_invocation():
    """A function that is killed leaves a lease that ends when its invocation would have ended."""
    function = Deployed(ROUNDS)
    leases: list[Any] = []

    class Watching(list[Any]):
        def append(self, text: Any) -> None:
            stored = function.ports.ledger.read("queue:shop.rounds/job-0")
            leases.append(stored.fields["lease_until"] if stored is not None else None)

    function.notes.seen = Watching()
    function(batch(record(job("one", queue="shop.rounds"))), remaining=20_000)

    assert leases[0] == function.clock.now() + 20_000


def test_the_edge_of_a_record_is_that_of_its_queue():
    """A command that two schedules call is told by the queue which of them does."""
    urls = {
        "call:Shop.1.daily": "https://sqs.eu-central-1.amazonaws.com/123456789012/daily-1",
        "call:Shop.1.weekly": "https://sqs.eu-central-1.amazonaws.com/123456789012/weekly-1",
    }
    function = Deployed("command:Shop.1.note", environment={"PURISTA_QUEUES": json.dumps(urls)})

    function(batch(record("no call", queue="weekly-1")))
    function(batch(record("no call", queue="daily-1")))

    assert [letter.edge for letter in function.letters()] == ["call:Shop.1.weekly", "call:Shop.1.daily"]
    with pytest.raises(BadEvent, match="none of this function's"):
        function(batch(record("no call", queue="monthly-1")))


@pytest.mark.parametrize(
    "change",
    [
        {"messageId": None},
        {"messageId": ""},
        {"receiptHandle": 7},
        {"body": None},
        {"attributes": []},
        {"eventSource": "aws:kinesis"},
        {"eventSourceARN": None},
        {"attributes": {"ApproximateReceiveCount": "many", "SentTimestamp": "1"}},
        {"attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "9" * 40}},
        {"attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "\u0661"}},
    ],
)
def test_a_batch_that_is_none_of_sqs_is_an_error_of_its_invocation(change):
    """Nobody could answer for such a record, so that none of the batch is touched."""
    function = Deployed(PACK)

    with pytest.raises(BadEvent):
        function(batch(record(job("one")), {**record(job("two"), number=1), **change}))

    assert function.notes.seen == []
