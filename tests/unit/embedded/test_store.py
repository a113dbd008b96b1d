"""The store: transactions that stand or fall as one, leases that are guarded by their fence."""

import multiprocessing
import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest

from purista_serverless.adapters.embedded.store import Store
from purista_serverless.errors import StoreError, Unavailable
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START

EDGE = "queue:a"
MINUTE = 60_000


@pytest.fixture
def clock():
    """Give a clock that stands still."""
    return VirtualClock(START)


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path, clock):
    """Give an empty store, in memory or on disk."""
    store = Store(":memory:" if request.param == "memory" else tmp_path / "a.db", clock)
    yield store
    store.close()


def ids(store: Store, limit: int = 100, **options) -> list[str]:
    """Lease what is due and give the ids."""
    return [leased.id for leased in store.lease(EDGE, MINUTE, limit, **options)]


def fail(store: Store, error: Exception, *, name: str = "1", nested=None) -> None:
    """Send a message, another one inside something nested, and raise."""
    store.send(EDGE, name, b"")
    with nested or nullcontext():
        store.send(EDGE, name, b"")
    raise error


def test_what_was_sent_first_is_leased_first(store):
    """Messages of one time keep their order, one by one and in batches."""
    store.send_many(EDGE, ((str(number), b"") for number in range(5)))

    assert ids(store, 1) + ids(store, 2) + ids(store) == ["0", "1", "2", "3", "4"]
    assert ids(store) == []


def test_the_higher_priority_is_leased_first_and_no_priority_is_forgotten(store):
    """Levels that the caller does not know of come last, and they come."""
    for number, priority in enumerate((0, 2, 1, 2, 7)):
        store.send(EDGE, str(number), b"", priority=priority)

    assert ids(store, levels=3) == ["1", "3", "2", "0", "4"]


def test_a_delayed_message_is_due_when_its_time_has_come(store, clock):
    """Not a millisecond earlier, and before what was due later."""
    store.send(EDGE, "late", b"", delay=MINUTE)
    clock.advance(MINUTE - 1)
    assert ids(store) == []
    assert store.next_due(EDGE) == clock.now() + 1

    clock.advance(1)
    assert ids(store) == ["late"]


def test_messages_of_one_key_are_leased_one_by_one(store):
    """The next is due when the one before has gone, not when it is given back."""
    for name in ("a1", "a2", "b1"):
        store.send(EDGE, name, b"", ordering_key=name[0])
    first, other = store.lease(EDGE, MINUTE, 5)

    assert (first.id, other.id) == ("a1", "b1")
    store.release(first)
    (again,) = store.lease(EDGE, MINUTE, 5)
    assert again.id == "a1"
    store.acknowledge(again)
    assert ids(store) == ["a2"]


def test_batches_of_ordered_messages_free_their_keys(store):
    """Acknowledging many at a time is the same as one by one."""
    for name in ("a1", "a2", "b1", "b2"):
        store.send(EDGE, name, b"", ordering_key=name[0])

    assert [leased.id for leased in store.exchange(store.lease(EDGE, MINUTE, 5), EDGE, MINUTE, 5)] == ["a2", "b2"]


def test_a_lease_that_has_run_out_is_lost(store, clock):
    """Somebody else gets the message; the first holder can neither settle nor extend it."""
    store.send(EDGE, "1", b"")
    (first,) = store.lease(EDGE, MINUTE)
    clock.advance(MINUTE)
    (second,) = store.lease(EDGE, MINUTE)

    assert (second.receives, second.fence) == (2, first.fence + 1)
    assert not store.acknowledge(first)
    assert not store.release(first)
    assert not store.extend(first, MINUTE)
    assert store.acknowledge(second)


def test_a_lost_lease_does_not_settle_a_message_that_took_its_row(store, clock):
    """Row numbers are used again; fences are not."""
    store.send(EDGE, "1", b"")
    (first,) = store.lease(EDGE, MINUTE)
    clock.advance(MINUTE)
    (second,) = store.lease(EDGE, MINUTE)
    store.acknowledge(second)
    store.send(EDGE, "2", b"")
    (other,) = store.lease(EDGE, MINUTE)

    assert other.seq == first.seq
    assert not store.acknowledge(first)
    assert store.acknowledge(other)


def test_an_extended_lease_lasts_longer(store, clock):
    """It counts from the extension."""
    store.send(EDGE, "1", b"")
    (leased,) = store.lease(EDGE, MINUTE)
    clock.advance(MINUTE // 2)
    assert store.extend(leased, MINUTE)
    clock.advance(MINUTE - 1)

    assert ids(store) == []
    assert store.next_expiry() == leased.lease_until == clock.now() + 1


def test_a_release_may_be_uncounted(store):
    """What was given back untouched is no delivery."""
    store.send(EDGE, "1", b"")
    (first,) = store.lease(EDGE, MINUTE)
    store.release(first, counted=False)
    (second,) = store.lease(EDGE, MINUTE)
    store.release(second)
    (third,) = store.lease(EDGE, MINUTE)

    assert [leased.receives for leased in (first, second, third)] == [1, 1, 2]


def test_a_transaction_that_fails_leaves_nothing(store):
    """Nested transactions are part of the outermost."""
    with pytest.raises(ZeroDivisionError), store.transaction():
        fail(store, ZeroDivisionError(), nested=store.transaction())

    assert ids(store) == []


def test_a_transaction_that_a_port_interrupts_is_kept(store):
    """The core repeats from where it came to; what it had written, it relies on."""
    with pytest.raises(Unavailable), store.transaction():
        fail(store, Unavailable("another port"))

    assert ids(store) == ["1", "1"]


def test_a_part_of_a_transaction_fails_by_itself(store):
    """A savepoint undoes its own writes and no others."""
    with store.transaction():
        store.send(EDGE, "1", b"")
        with pytest.raises(ZeroDivisionError), store.savepoint():
            fail(store, ZeroDivisionError(), name="2")
        with store.savepoint():
            store.send(EDGE, "3", b"")

    assert ids(store) == ["1", "3"]


def test_a_thread_sees_its_own_writes_and_not_those_of_an_open_transaction(tmp_path, clock):
    """Readers see what is committed; only the writer sees more."""
    store = Store(tmp_path / "a.db", clock)
    seen: list[int | None] = []
    with store.transaction():
        store.send(EDGE, "1", b"")
        reader = threading.Thread(target=lambda: seen.append(store.next_due(EDGE)))
        reader.start()
        reader.join()
        seen.append(store.next_due(EDGE))
    seen.append(store.next_due(EDGE))
    store.close()

    assert seen == [None, clock.now(), clock.now()]


def test_listeners_are_told_after_the_commit_and_not_of_what_was_undone(store, clock):
    """Edge and time, so that whoever waits can come at the right moment."""
    told: list[tuple[str, int]] = []
    store.listen(lambda edge, due: told.append((edge, due)))
    with store.transaction():
        store.send(EDGE, "1", b"", delay=5)
        assert told == []
    with pytest.raises(ZeroDivisionError), store.transaction():
        fail(store, ZeroDivisionError())

    assert told == [(EDGE, clock.now() + 5)]


def test_many_threads_send_and_lease_without_loss(store):
    """Each message is leased by exactly one thread."""
    taken: list[str] = []

    def produce(name: str) -> None:
        for number in range(50):
            store.send(EDGE, f"{name}{number}", b"")

    def take() -> None:
        while len(taken) < 200:
            for leased in store.lease(EDGE, MINUTE, 3):
                taken.append(leased.id)
                store.acknowledge(leased)

    threads = [threading.Thread(target=produce, args=(name,)) for name in "abcd"]
    threads += [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(f"{name}{number}" for name in "abcd" for number in range(50))


def test_another_store_on_the_file_is_noticed(tmp_path, clock):
    """Writes of others are told apart from one's own."""
    first, second = Store(tmp_path / "a.db", clock), Store(tmp_path / "a.db", clock)
    first.send(EDGE, "1", b"")
    noticed = [first.has_changed(), second.has_changed(), second.has_changed()]
    first.close()
    second.close()

    assert noticed == [False, True, False]


def test_a_store_is_not_used_across_a_fork(tmp_path, clock):
    """A child that writes through its parent's connection would break the file; it is told instead."""
    store = Store(tmp_path / "a.db", clock)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def write() -> None:
        try:
            store.send(EDGE, "1", b"")
        except StoreError as error:
            answers.put(str(error))

    child = context.Process(target=write)
    child.start()
    answer = answers.get()
    child.join()
    store.close()

    assert "opened before this process was forked; open it in each" in answer


def test_a_file_that_another_process_writes_to_for_long_is_unavailable(tmp_path, clock):
    """The error says so, and the next try works."""
    first, second = Store(tmp_path / "a.db", clock), Store(tmp_path / "a.db", clock)
    second.patience = 0
    with first.transaction(), pytest.raises(Unavailable, match="another process wrote for longer than"):
        second.send(EDGE, "1", b"")
    second.send(EDGE, "2", b"")
    found = ids(first)
    first.close()
    second.close()

    assert found == ["2"]


def test_time_in_a_lease_is_the_clock_s(store, clock):
    """Leases end by the clock that the store was given."""
    store.send(EDGE, "1", b"")
    (leased,) = store.lease(EDGE, MINUTE)

    assert leased.lease_until == clock.now() + MINUTE
    clock.advance(timedelta(minutes=1))
    assert store.reclaim() == 1
