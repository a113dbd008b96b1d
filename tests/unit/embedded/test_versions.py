"""Two versions of an application on one file: each does its own work, and what one cannot do waits for the other."""

from datetime import timedelta

import pytest

from purista_serverless.adapters.embedded.dead_letters import redrive_letter
from purista_serverless.adapters.embedded.host import Host, Share
from purista_serverless.adapters.embedded.jobs import measure_queues
from purista_serverless.application import Application
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import DeclarationError, InvalidPayload
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START, host_of, shop


def test_an_event_of_the_old_version_reaches_a_subscription_of_the_new_one(tmp_path):
    """While both run, the old one's events are kept for what the new one has added, from its first turn on."""
    old, new = shop(str), shop(str, listeners=("told", "added"))
    with host_of(old, tmp_path / "a.db") as before, host_of(new, tmp_path / "a.db") as after:
        before.step()
        after.step()
        before.client.emit(old.sold, "an order")
        before.step()
        after.step()

    assert old.seen == [("told", "an order")]
    assert new.seen == [("added", "an order")]


def test_an_event_of_the_new_version_does_not_go_where_nobody_listens_any_more(tmp_path):
    """A subscription that the new version has removed gets nothing from it, also while the old one still runs."""
    old, new = shop(str, listeners=("told", "removed")), shop(str)
    with host_of(old, tmp_path / "a.db") as before, host_of(new, tmp_path / "a.db") as after:
        before.step()
        after.step()
        after.client.emit(new.sold, "an order")
        before.step()
        after.step()

    assert ("removed", "an order") not in old.seen


def test_what_was_meant_for_a_removed_subscription_stays_and_is_counted(tmp_path):
    """The new version leaves alone what it does not know, and its metrics show it."""
    old, new = shop(str, listeners=("told", "removed")), shop(str)
    with host_of(old, tmp_path / "a.db") as before:
        before.client.emit(old.sold, "an order")
    with host_of(new, tmp_path / "a.db") as after:
        after.step()
        waiting = {queue.edge: queue.ready for queue in measure_queues(after)}
    with host_of(old, tmp_path / "a.db") as again:
        again.step()

    assert waiting["subscription:Shop.1.removed"] == 1
    assert (new.seen, old.seen) == ([("told", "an order")], [("removed", "an order")])


def test_a_job_of_another_shape_is_a_dead_letter_that_the_other_version_can_redrive(tmp_path):
    """The version that cannot read a job says which field does not fit; the one that can takes it back."""
    old, new = shop(str), shop(int)
    with host_of(old, tmp_path / "a.db") as before, host_of(new, tmp_path / "a.db") as after:
        after.client.enqueue(new.orders, 7)
        before.step()
        (letter,) = before.dead_letters.letters()
        with pytest.raises(InvalidPayload, match=r"payload of shop\.orders is not valid: value: Input should be"):
            redrive_letter(before, letter)
        redrive_letter(after, letter)
        after.step()

        assert letter.reason.startswith("payload of shop.orders is not valid: value: Input should be a valid string")
        assert new.seen[0] == ("order", 7)
        assert after.dead_letters.letters() == ()


def test_a_letter_of_an_edge_that_this_version_has_not_stays(tmp_path):
    """Redriving it here would send it nowhere; the error says what to do."""
    old, new = shop(int, listeners=("told", "removed")), shop(int)
    with host_of(old, tmp_path / "a.db") as before, host_of(new, tmp_path / "a.db") as after:
        before.store.send("subscription:Shop.1.removed", "1", b"no message")
        before.step()
        (letter,) = after.dead_letters.letters()
        with pytest.raises(DeclarationError, match=r"shop does not consume subscription:Shop\.1\.removed; redrive"):
            redrive_letter(after, letter)

        assert [kept.key for kept in after.dead_letters.letters()] == [letter.key]


def test_two_versions_share_the_work_of_a_queue(tmp_path):
    """Each job is done by one of them, whoever enqueued it."""
    old, new = shop(int), shop(int)
    with host_of(old, tmp_path / "a.db") as before, host_of(new, tmp_path / "a.db") as after:
        for number in range(10):
            before.client.enqueue(old.orders, number)
        first = before.store.lease("queue:shop.orders", 60_000, 5)
        after.step()
        for leased in first:
            before.store.release(leased)
        before.step()

    done = [order for seen in (old.seen, new.seen) for kind, order in seen if kind == "order"]
    assert sorted(done) == list(range(10))


def test_a_knock_that_the_new_version_asks_for_is_left_to_it(tmp_path):
    """A version without the schedule does not swallow it: the end of a run starts the slot that waits."""
    clock = VirtualClock(START)
    seen: list[int] = []
    new = Application("shop", [hourly(seen)])
    by_the_clock, at_work = Share(workers=False), Share(subscriptions=False, scheduler=False)
    with host_of(shop(str), tmp_path / "a.db", clock) as before, Host(new, tmp_path / "a.db", clock=clock) as after:
        after.step(by_the_clock)
        clock.advance(timedelta(hours=2))
        after.step(by_the_clock)
        after.step(at_work)
        assert seen == [13]
        before.step()
        after.step(by_the_clock)
        after.step(at_work)

    assert seen == [13, 14]


def hourly(seen: list[int]) -> ServiceBuilder:
    """Declare a schedule each hour whose runs wait for each other."""
    service = ServiceBuilder("Clock")
    chimes = service.queue("clock.chimes", int, "Chimes")
    service.schedule("hourly", "Each hour").enqueue(
        chimes,
        expression="0 * * * *",
        timezone="UTC",
        concurrency_policy="forbid",
        missed_run_policy="catchUp",
        payload=lambda slot: slot.hour,
    )
    chimes.worker(name="chime")(lambda ctx, hour: seen.append(hour))
    return service
