"""Single deliveries: what a consumer writes, and what it tells the platform."""

import json
from datetime import timedelta

import pytest

from purista_serverless import Application, Context, Lifecycle, Model, ServiceBuilder
from purista_serverless.errors import TooLarge
from purista_serverless.message import CUSTOM_MESSAGE, Failed, Job, Message, Success
from purista_serverless.model import Tracking
from purista_serverless.runtime.assembly import assemble
from purista_serverless.runtime.consume import Interrupted
from purista_serverless.runtime.ledger import JobLedger
from purista_serverless.runtime.records import DEAD_LETTERED
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import MemoryDeadLetters, MemoryLedger, ports

NOW = 1_800_000_000_000
MINUTE = 60_000
LIFECYCLE = Lifecycle(max_attempts=3, visibility=timedelta(minutes=15), heartbeat=timedelta(minutes=5))


class Task(Model):
    """Something to do."""

    name: str


def workshop(tracking: Tracking) -> Application:
    """Give an application with one queue and one subscription."""
    service = ServiceBuilder("Shop")
    queue = service.queue("shop.tasks", Task, tracking=tracking, lifecycle=LIFECYCLE)
    happened = service.event("shop.happened", Task)

    @queue.worker()
    def work(ctx: Context, task: Task) -> None:
        """Do nothing."""

    @service.subscribe(happened, "listen", lifecycle=LIFECYCLE)
    def listen(ctx: Context, task: Task) -> None:
        """Do nothing."""

    return Application("shop", [service])


class Handed:
    """A delivery that notes what it is told, from a platform whose leases last as long as it says."""

    id = "parcel"

    def __init__(self, edge: str, body: bytes, *, receives: int = 1, lease: int | None = None):
        self.edge = edge
        self.body = body
        self.receives = receives
        self.lease_until = None if lease is None else NOW + lease
        self.told: list[object] = []

    def acknowledge(self) -> None:
        """Note it."""
        self.told.append("acknowledged")

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Note it."""
        self.told.append(("redelivered", delay, counted))

    def leave(self) -> None:
        """Note it."""
        self.told.append("left")

    def extend(self, duration: int) -> bool:
        """Extend by half of what was asked for."""
        self.lease_until = NOW + duration // 2
        return True


class Handover:
    """One delivery to one consumer, whose handler does not really run.

    Args:
        edge: Where the delivery comes from.
        tracking: What the queue keeps.
        ledger: What keeps records.
        delivery: Its receives and the platform's lease in milliseconds.
    """

    def __init__(self, edge: str, tracking: Tracking = "none", ledger: type[MemoryLedger] = MemoryLedger, **delivery):
        clock = VirtualClock(NOW)
        self.ledger = ledger(clock)
        self.dead_letters = MemoryDeadLetters()
        self.delivery = Handed(edge, BODIES[edge], **delivery)
        outside = ports(clock, ledger=self.ledger, dead_letters=self.dead_letters)
        self.steps = assemble(workshop(tracking).model).consumers[edge].consume(self.delivery, outside)

    @property
    def record(self):
        """Give the job's record."""
        return JobLedger(self.ledger, "shop.tasks", 0).read("j")

    def end(self, outcome) -> None:
        """Tell the consumer how its handler ended."""
        with pytest.raises(StopIteration):
            self.steps.send(outcome)


class SmallLedger(MemoryLedger):
    """A ledger whose records hold a thousand characters."""

    def write(self, key, fields, *, expected, expires=None):
        """Refuse what is longer."""
        size = len(json.dumps(dict(fields)))
        if size > 1_000:
            raise TooLarge(f"record {key}", size, 1_000, "give a smaller result")
        return super().write(key, fields, expected=expected, expires=expires)


QUEUE = "queue:shop.tasks"
SUBSCRIPTION = "subscription:Shop.1.listen"
BODIES = {
    QUEUE: Job(id="j", queue="shop.tasks", payload={"name": "a"}, created_at=NOW).encode(),
    SUBSCRIPTION: Message(
        id="m", timestamp=NOW, message_type=CUSTOM_MESSAGE, event_name="shop.happened", payload={"name": "a"}
    ).encode(),
}
EDGES = pytest.mark.parametrize("edge", list(BODIES))


@pytest.mark.parametrize(("lease", "expected"), [(10 * MINUTE, 10), (60 * MINUTE, 15), (None, 15)])
def test_a_record_is_leased_no_longer_than_the_platform_leases_the_message(lease, expected):
    """Where the platform would give the job to somebody else earlier, the record lets them have it."""
    handover = Handover(QUEUE, "full", lease=lease)
    next(handover.steps)

    assert handover.record.lease_until == NOW + expected * MINUTE


def test_a_heartbeat_extends_the_record_no_further_than_the_platform_did():
    """An extension that the platform cuts short is cut short in the record too."""
    handover = Handover(QUEUE, "full", lease=10 * MINUTE)
    attempt = next(handover.steps)

    assert attempt.heartbeat()
    assert handover.record.lease_until == NOW + 7.5 * MINUTE


def test_an_interrupted_run_is_no_attempt():
    """What a shutdown gives back comes again at once, with its attempt still to make and no failure on record."""
    handover = Handover(QUEUE, "full")
    next(handover.steps)
    assert handover.record.attempt == 1
    handover.end(Interrupted())

    record = handover.record
    assert (record.status, record.attempt, record.history) == ("queued", 0, ())
    assert handover.delivery.told == [("redelivered", 0, False)]


@EDGES
def test_an_interrupted_run_without_a_record_is_given_back_uncounted(edge):
    """Where only the platform counts, it is told not to."""
    handover = Handover(edge)
    next(handover.steps)
    handover.end(Interrupted())

    assert handover.delivery.told == [("redelivered", 0, False)]


@EDGES
@pytest.mark.parametrize("outcome", [Success(None), Failed(ValueError("no"))])
def test_the_last_delivery_below_the_net_still_runs(edge, outcome):
    """Receive counts beyond the attempts may be the platform's fault: up to twice as many and ten the handler runs."""
    handover = Handover(edge, receives=16)
    next(handover.steps)
    handover.end(outcome)

    assert handover.delivery.told == ["acknowledged"]
    assert len(handover.dead_letters.letters(edge)) == (0 if isinstance(outcome, Success) else 1)


@EDGES
def test_a_delivery_beyond_the_net_is_buried_without_a_run(edge):
    """A handler that kills its process each time leaves no other trace than the count."""
    handover = Handover(edge, receives=17)
    with pytest.raises(StopIteration):
        next(handover.steps)

    (letter,) = handover.dead_letters.letters(edge)
    assert "earlier runs ended without an answer" in letter.reason
    assert letter.attempts == 17
    assert handover.delivery.told == ["acknowledged"]


@pytest.mark.parametrize("tracking", ["terminal", "full"])
def test_a_result_that_cannot_be_kept_is_the_end_of_its_job(tracking):
    """Another run would give the same: the letter says what did not fit, and the record agrees."""
    handover = Handover(QUEUE, tracking, SmallLedger)
    next(handover.steps)
    handover.end(Success(b'"' + b"x" * 2_000 + b'"'))

    (letter,) = handover.dead_letters.letters(QUEUE)
    assert "the result cannot be kept: record" in letter.reason
    assert (handover.record.status, handover.record.reason) == (DEAD_LETTERED, letter.reason)
    assert handover.delivery.told == ["acknowledged"]
