"""A disk without room: whoever writes is told, what was accepted is kept, and everything goes on when there is room."""

from datetime import timedelta

import pytest

from purista_serverless.adapters.embedded.jobs import measure_queues
from purista_serverless.errors import Unavailable
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START, host_of, shop

BIG = "x" * 20_000


def limit(host, pages: int) -> None:
    """Let the file grow to so many pages at most."""
    host.store.execute(f"PRAGMA max_page_count = {pages}")


def fill(host, declared) -> list[str]:
    """Enqueue orders until there is no room, and give the ids of those that were accepted."""
    ids: list[str] = []

    def enqueue_more() -> None:
        while True:
            ids.append(host.client.enqueue(declared.orders, BIG))

    with pytest.raises(Unavailable, match=r"there is no room left .* nothing was written, make room"):
        enqueue_more()
    return ids


def swallow_the_error(host) -> None:
    """Send a small message and one that finds no room, in one transaction that does not care."""
    with host.store.transaction():
        host.store.send("queue:shop.orders", "small", b"{}")
        for body in (BIG.encode() * 100, b"{}"):
            with pytest.raises(Unavailable):
                host.store.send("queue:shop.orders", "other", body)


@pytest.fixture(params=["none", "full"], ids=["untracked", "tracked"])
def declared(request):
    """Give an application whose orders are tracked, or not."""
    return shop(str, tracking=request.param)


def test_what_was_accepted_before_the_disk_was_full_is_done(tmp_path, declared):
    """The enqueue that finds no room fails; those before it are all there, each is done once."""
    with host_of(declared, tmp_path / "a.db") as host:
        limit(host, 200)
        accepted = fill(host, declared)
        limit(host, 100_000)
        host.step()

        assert len(accepted) > 20
        assert [kind for kind, _ in declared.seen].count("order") == len(accepted)
        assert sum(queue.ready + queue.dead_letters for queue in measure_queues(host)) == 0


def test_work_goes_on_when_there_is_room_again(tmp_path, declared):
    """A full disk stops a handler's own writes too: they are tried again, and nothing is a dead letter for it."""
    clock = VirtualClock(START)
    with host_of(declared, tmp_path / "a.db", clock) as host:
        limit(host, 200)
        accepted = fill(host, declared)
        for _ in range(3):
            host.step()
            clock.advance(timedelta(seconds=1))
        limit(host, 100_000)
        for _ in range(30):
            host.step()
            clock.advance(timedelta(minutes=1))

        done = {kind: sum(found == kind for found, _ in declared.seen) for kind in ("order", "told")}
        assert done["order"] >= len(accepted)
        assert done["told"] >= len(accepted)
        assert sum(queue.ready + queue.delayed + queue.leased for queue in measure_queues(host)) == 0
        assert host.dead_letters.letters() == ()


def test_a_transaction_that_met_a_full_disk_leaves_nothing_behind(tmp_path, declared):
    """What is one commit is not half a commit, also where somebody swallows the error."""
    with host_of(declared, tmp_path / "a.db") as host:
        limit(host, 60)
        with pytest.raises(Unavailable, match="no room left"):
            swallow_the_error(host)

        assert host.store.lease("queue:shop.orders", 1_000, 10) == []


def test_the_error_of_a_full_disk_is_the_caller_s(tmp_path):
    """It is an ``OSError`` too, so that a script that knows nothing of us can tell it."""
    declared = shop(str)
    with host_of(declared, tmp_path / "a.db") as host:
        limit(host, 60)
        with pytest.raises(OSError, match=r"a\.db: there is no room left"):
            host.client.enqueue(declared.orders, BIG * 100)
