"""The brokers in memory, as a receiver sees them."""

import pytest

from purista_serverless.testing.brokers import Channel, IdealBroker
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.clouds import PushLikeBroker, SqsLikeBroker
from purista_serverless.testing.faults import Faults

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Receiver:
    """Keeps what a broker leases, with the time of each batch."""

    def __init__(self, broker, faults=None, **channel):
        self.clock = VirtualClock(0)
        self.batches = []
        self.given_up = []
        self.broker = broker(self.clock, faults or Faults(), self.receive, self.give_up)
        self.broker.open(Channel(edge="edge", **channel))

    def receive(self, batch):
        """Keep a batch."""
        self.batches.append((self.clock.now(), batch))

    def give_up(self, edge, parcel):
        """Keep what the platform gave up on."""
        self.given_up.append((edge, parcel.body))

    def send(self, *bodies, **options):
        """Send bodies under their own text as id."""
        for body in bodies:
            self.broker.send("edge", body.encode(), id=body, **options)

    def take(self, duration=0):
        """Let time pass and give the leases that came in it."""
        self.batches.clear()
        self.clock.advance(duration)
        return [lease for _, batch in self.batches for lease in batch]

    def ids(self, duration=0):
        """Let time pass and give the ids of what came in it."""
        return [lease.id for lease in self.take(duration)]


@pytest.fixture(params=[IdealBroker, SqsLikeBroker, PushLikeBroker], ids=lambda broker: broker.name)
def any_broker(request):
    """Give each broker in turn."""
    return request.param


def settle(lease, action="acknowledge", *arguments, **options):
    """Decide on a lease and answer."""
    getattr(lease, action)(*arguments, **options)
    lease.complete()


def test_a_message_comes_once_and_is_gone_when_acknowledged(any_broker):
    """An acknowledged message leaves nothing behind."""
    receiver = Receiver(any_broker)
    receiver.send("a")

    (lease,) = receiver.take()
    settle(lease)

    assert (lease.body, lease.receives) == (b"a", 1)
    assert receiver.broker.is_idle
    assert receiver.take(DAY) == []


def test_a_lease_that_runs_out_brings_the_message_back(any_broker):
    """A receiver that says nothing loses the message to the next one, and its late words count for nothing."""
    receiver = Receiver(any_broker, visibility=10 * MINUTE)
    receiver.send("a")
    (lost,) = receiver.take()

    (again,) = receiver.take(10 * MINUTE)
    settle(lost)

    assert again.receives == 2
    assert not lost.extend(MINUTE)
    assert not receiver.broker.is_idle


@pytest.mark.parametrize("delay", [1, 10 * MINUTE, 3 * HOUR, 40 * DAY])
def test_a_message_is_never_early(any_broker, delay):
    """However long the delay, the message comes exactly then, whatever hops that takes."""
    receiver = Receiver(any_broker)
    receiver.send("a", delay=delay)

    assert receiver.ids(delay - 1) == []
    assert receiver.ids(1) == ["a"]


@pytest.mark.parametrize("delay", [5 * SECOND, 20 * MINUTE, 13 * HOUR])
def test_a_message_comes_again_after_the_delay_that_was_asked_for(any_broker, delay):
    """Redelivery keeps its time, and the attempts go on counting."""
    receiver = Receiver(any_broker)
    receiver.send("a")
    (lease,) = receiver.take()

    settle(lease, "redeliver", delay, counted=True)

    assert receiver.ids(delay - 1) == []
    (again,) = receiver.take(1)
    assert again.receives == 2


@pytest.mark.parametrize("broker", [IdealBroker, PushLikeBroker], ids=lambda broker: broker.name)
def test_a_return_that_is_no_attempt_is_not_counted_where_that_is_possible(broker):
    """A message that was only put off comes with the count it had."""
    receiver = Receiver(broker)
    receiver.send("a")
    (lease,) = receiver.take()

    settle(lease, "redeliver", MINUTE, counted=False)

    assert [again.receives for again in receiver.take(MINUTE)] == [1]


def test_a_platform_that_counts_receives_counts_them_all():
    """Where the platform counts, a return that is no attempt grows the count all the same."""
    receiver = Receiver(SqsLikeBroker)
    receiver.send("a")
    (lease,) = receiver.take()

    settle(lease, "redeliver", MINUTE, counted=False)

    assert [again.receives for again in receiver.take(MINUTE)] == [2]


def test_of_a_group_only_the_first_is_on_its_way(any_broker):
    """A message that waits to come again holds up its group and nobody else."""
    receiver = Receiver(any_broker, batch_size=10)
    receiver.send("a1", "a2", group="a")
    receiver.send("b1", "b2", group="b")
    first, other = receiver.take()

    settle(first, "redeliver", MINUTE, counted=True)
    settle(other)

    assert (first.id, other.id) == ("a1", "b1")
    assert receiver.ids(SECOND) == ["b2"]
    (again,) = receiver.take(MINUTE)
    settle(again)
    assert (again.id, receiver.ids(SECOND)) == ("a1", ["a2"])


def test_an_extended_lease_lasts_longer():
    """An extension counts from now, and the receiver is told the new end."""
    receiver = Receiver(IdealBroker, visibility=MINUTE)
    receiver.send("a")
    (lease,) = receiver.take()
    receiver.clock.advance(30 * SECOND)

    assert lease.extend(MINUTE)
    assert lease.lease_until == 90 * SECOND
    assert receiver.ids(59 * SECOND) == []
    assert receiver.ids(SECOND) == ["a"]


def test_a_push_cannot_be_extended():
    """The platform waits for the answer to a push for as long as it likes, and no longer."""
    receiver = Receiver(PushLikeBroker, visibility=HOUR)
    receiver.send("a")
    (lease,) = receiver.take()

    assert lease.lease_until == 600 * SECOND
    assert not lease.extend(HOUR)
    assert receiver.ids(600 * SECOND) == ["a"]


def test_priorities_decide_among_the_waiting():
    """Higher goes first, equals go in order; what is leased is not interrupted."""
    receiver = Receiver(IdealBroker, concurrency=1)
    for name, priority in (("low", 0), ("high", 2), ("middle", 1), ("low again", 0)):
        receiver.send(name, priority=priority)

    order = []
    for _ in range(4):
        (lease,) = receiver.take()
        order.append(lease.id)
        settle(lease)

    assert order == ["high", "middle", "low", "low again"]


def test_concurrency_bounds_what_is_leased(any_broker):
    """No more messages are on lease than the channel allows."""
    receiver = Receiver(any_broker, concurrency=2)
    receiver.send("a", "b", "c")

    first, _ = receiver.take(SECOND)
    settle(first)

    assert receiver.ids(SECOND) == ["c"]


def test_a_batch_is_seen_as_a_whole_by_the_platform():
    """Up to ten messages come at once, and none is deleted before the batch is answered."""
    receiver = Receiver(SqsLikeBroker, batch_size=100, visibility=MINUTE)
    receiver.send(*(f"m{number:02}" for number in range(12)))

    leases = receiver.take()
    assert [len(batch) for _, batch in receiver.batches] == [10, 2]
    leases[0].acknowledge()
    assert len(receiver.take(MINUTE)) == 12


def test_the_platform_refuses_what_it_cannot_delay():
    """Beyond 15 minutes a message, and beyond 30 days a task, are errors of whoever asks."""
    queue, push = Receiver(SqsLikeBroker), Receiver(PushLikeBroker)
    queue.send("a")
    (lease,) = queue.take()

    with pytest.raises(ValueError, match="900000 ms at most"):
        queue.broker.send_message(None, None, 15 * MINUTE + 1)
    with pytest.raises(ValueError, match="at most"):
        push.broker.create_task("task", 31 * DAY, lambda: None)
    assert lease.is_held


def test_a_task_is_made_once_for_all_copies():
    """Two tasks of one name are one task."""
    receiver, ran = Receiver(PushLikeBroker), []

    assert receiver.broker.create_task("task", SECOND, lambda: ran.append(1))
    assert not receiver.broker.create_task("task", SECOND, lambda: ran.append(2))
    receiver.clock.advance(MINUTE)

    assert ran == [1]
    assert receiver.broker.is_idle


def test_a_push_of_a_group_comes_again_by_the_brokers_own_backoff():
    """Within a group the delay that was asked for is lost, in favour of the order: 10 s, doubled up to 600 s."""
    receiver = Receiver(PushLikeBroker)
    receiver.send("a", group="g")
    times: list[int] = []
    for _ in range(8):
        (lease,) = receiver.take(times[-1] if times else 0)
        settle(lease, "redeliver", SECOND, counted=True)
        times.append(min(10 * SECOND * 2 ** len(times), 600 * SECOND))

    assert times[-1] == 600 * SECOND


@pytest.mark.parametrize(("broker", "limit"), [(SqsLikeBroker, 14), (PushLikeBroker, 14)])
def test_the_platform_gives_up_in_the_end(broker, limit):
    """The net below the policy: after twice the attempts and ten, a message that nobody settles is taken away."""
    receiver = Receiver(broker, max_attempts=2, visibility=MINUTE)
    receiver.send("a")

    assert receiver.ids(DAY) == ["a"] * limit
    assert receiver.given_up == [("edge", b"a")]
    assert receiver.broker.is_idle


def test_the_net_of_a_push_has_bounds_of_its_own():
    """The platform takes no limit above 100 deliveries."""
    receiver = Receiver(PushLikeBroker, max_attempts=1000)
    receiver.send("a")

    assert len(receiver.ids(2 * DAY)) == 100


def test_a_duplicate_is_a_message_of_its_own(any_broker):
    """Both copies have to be settled."""
    receiver = Receiver(any_broker, Faults(1, duplicate=1.0), batch_size=10)
    receiver.send("a")

    leases = receiver.take()
    settle(leases[0])

    assert [lease.id for lease in leases] == ["a", "a"]
    assert not receiver.broker.is_idle


def test_order_is_lost_without_a_group_and_kept_with_one():
    """Reordering strikes messages without an ordering key only."""
    loose, grouped = (Receiver(IdealBroker, Faults(3, reorder=0.5)) for _ in range(2))
    names = [f"{number:02}" for number in range(20)]
    loose.send(*names)
    grouped.send(*names, group="g")

    assert (found := loose.ids()) != names
    assert sorted(found) == names
    order = []
    for _ in names:
        (lease,) = grouped.take()
        order.append(lease.id)
        settle(lease)
    assert order == names


def test_a_lost_lease_brings_the_message_to_somebody_else():
    """The platform may break its word; the first receiver finds out when it extends."""
    receiver = Receiver(IdealBroker, Faults(5, lease_lost=1.0), visibility=HOUR)
    receiver.send("a")
    (lease,) = receiver.take()

    assert lease.lease_until == HOUR
    assert "a" in receiver.ids(HOUR - 1)
    assert not lease.extend(HOUR)


def test_a_phantom_delivery_is_counted():
    """A count may grow without anybody having been given the message."""
    receiver = Receiver(SqsLikeBroker, Faults(1, phantom=1.0))
    receiver.send("a")

    assert [lease.receives for lease in receiver.take()] == [2]
