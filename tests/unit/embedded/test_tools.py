"""What tools see of the file, and do with it: jobs, queues, leases, dead letters, schedules."""

from datetime import timedelta

import pytest

from purista_serverless.adapters.embedded.dead_letters import list_letters, purge_letters, redrive_letter, show_letter
from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.jobs import cancel_job, list_jobs, list_leases, measure_queues, show_job
from purista_serverless.adapters.embedded.schedules import list_schedules, next_slots, trigger_schedule
from purista_serverless.application import Application
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.testing.clock import VirtualClock
from tests.unit.embedded.shop import START, host_of, shop

EDGE = "queue:shop.orders"
NOW = VirtualClock(START).now()
HOUR = 3_600_000


@pytest.fixture
def clock():
    """Give a clock that stands still until it is moved."""
    return VirtualClock(START)


@pytest.fixture(params=["none", "full"], ids=["untracked", "tracked"])
def declared(request):
    """Give an application whose orders are tracked, or not."""
    return shop(str, tracking=request.param)


def test_jobs_are_listed_with_where_they_stand(declared, clock):
    """Waiting, delayed and running jobs of a queue, in the order in which they were enqueued."""
    with host_of(declared, clock=clock) as host:
        running = host.client.enqueue(declared.orders, "a")
        host.store.lease(EDGE, HOUR)
        ids = [running, host.client.enqueue(declared.orders, "b")]
        ids.append(host.client.enqueue(declared.orders, "c", delay=timedelta(hours=1)))

        jobs = list_jobs(host, "shop.orders")
        assert [(job.id, job.status) for job in jobs] == list(zip(ids, ("running", "queued", "delayed"), strict=True))
        assert [job.id for job in list_jobs(host, status="delayed")] == ids[2:]
        assert [job.id for job in list_jobs(host, limit=1)] == ids[:1]
        assert list_jobs(host, "shop") == ()


def test_a_tracked_job_is_known_after_its_end(clock):
    """Its record tells result, attempts and time."""
    declared = shop(str, tracking="full")
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        host.step()

        job = show_job(host, "shop.orders", job_id)
        assert (job.status, job.is_tracked, job.attempt, job.updated_at) == ("success", True, 1, NOW)
        assert list_jobs(host) == (job,)


def test_an_untracked_job_is_forgotten_after_its_end(clock):
    """Nothing keeps it; asking for it is an error that names it."""
    declared = shop(str)
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        host.step()

        assert list_jobs(host) == ()
        with pytest.raises(KeyError, match=f"queue:shop.orders has no dead letter '{job_id}'"):
            show_job(host, "shop.orders", job_id)


def test_a_dead_lettered_job_is_shown_with_its_reason(clock):
    """Whether it was tracked or not."""
    for tracking in ("none", "full"):
        declared = shop(str, tracking=tracking, fails=True, lifecycle=None, max_attempts=1)
        with host_of(declared, clock=clock) as host:
            job_id = host.client.enqueue(declared.orders, "a")
            host.step()

            job = show_job(host, "shop.orders", job_id)
            assert (job.status, job.attempt) == ("dead-lettered", 1)
            assert job.reason == "RuntimeError: out of stock (attempt 1 of 1)"
            assert [found.id for found in list_jobs(host, status="dead-lettered")] == [job_id]


def test_a_waiting_job_can_be_cancelled(declared, clock):
    """It does not run; another time there is nothing left to cancel."""
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        assert cancel_job(host, "shop.orders", job_id, "not wanted")
        host.step()

        assert declared.seen == []
        assert not cancel_job(host, "shop.orders", job_id)
        assert list_leases(host) == ()


def test_a_cancelled_tracked_job_says_so():
    """Its record is there for whoever asks."""
    declared = shop(str, tracking="full")
    with host_of(declared) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        cancel_job(host, "shop.orders", job_id, "not wanted")
        host.step()

        job = show_job(host, "shop.orders", job_id)
        assert (job.status, job.reason) == ("cancelled", "not wanted")


def test_an_untracked_job_that_runs_cannot_be_cancelled():
    """Nobody would tell its handler."""
    declared = shop(str)
    with host_of(declared) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        host.store.lease(EDGE, HOUR)

        assert not cancel_job(host, "shop.orders", job_id)
        assert not cancel_job(host, "shop.orders", "unknown")


def test_queues_are_measured(clock):
    """Ready, delayed, blocked, leased and dead messages, and since when the oldest waits; idle edges count zero."""
    declared = shop(str, ordering_key=lambda order: order)
    with host_of(declared, clock=clock) as host:
        host.client.enqueue(declared.orders, "a")
        host.store.lease(EDGE, HOUR)
        host.client.enqueue(declared.orders, "a")
        host.client.enqueue(declared.orders, "b")
        host.client.enqueue(declared.orders, "c", delay=timedelta(hours=1))
        host.store.send("subscription:Shop.1.told", "1", b"no message")
        clock.advance(timedelta(minutes=1))

        orders, told = measure_queues(host)
        assert (orders.edge, told.edge) == (EDGE, "subscription:Shop.1.told")
        assert (orders.ready, orders.delayed, orders.blocked, orders.leased, orders.oldest) == (1, 1, 1, 1, NOW)
        assert (told.ready, told.dead_letters) == (1, 0)


def test_leases_can_be_inspected(clock):
    """Which message, who holds it, until when, how often it was delivered."""
    declared = shop(str)
    with host_of(declared, clock=clock) as host:
        first, second = (host.client.enqueue(declared.orders, order) for order in "ab")
        host.store.lease(EDGE, HOUR)
        host.store.lease(EDGE, HOUR // 2)

        leases = list_leases(host, EDGE)
        assert [lease.id for lease in leases] == [second, first]
        assert (leases[0].owner, leases[0].lease_until, leases[0].receives) == (host.store.owner, NOW + HOUR // 2, 1)
        assert list_leases(host, "queue:other") == ()


def test_letters_are_listed_shown_and_purged():
    """By edge or all, by key or by id."""
    declared = shop(str)
    with host_of(declared) as host:
        host.store.send(EDGE, "1", b"no job")
        host.store.send("subscription:Shop.1.told", "2", b"no message")
        host.step()

        assert [letter.id for letter in list_letters(host)] == ["1", "2"]
        assert [letter.id for letter in list_letters(host, limit=1)] == ["1"]
        assert show_letter(host, EDGE, "1").key == show_letter(host, EDGE, "1:0").key == "1:0"
        with pytest.raises(KeyError, match=r"queue:shop\.orders has no dead letter '2'"):
            show_letter(host, EDGE, "2")
        assert (purge_letters(host, EDGE), purge_letters(host), purge_letters(host)) == (1, 1, 0)


def test_a_letter_is_redriven_once(declared):
    """The second of two operators is told that somebody was faster."""
    failing = shop(str, fails=True, lifecycle=None, max_attempts=1)
    with host_of(failing) as host:
        host.client.enqueue(failing.orders, "a")
        host.step()
        (letter,) = list_letters(host)

        assert redrive_letter(host, letter)
        assert not redrive_letter(host, letter)
        assert [job.generation for job in list_jobs(host)] == [1]


def scheduled() -> Application:
    """Build an application with a schedule each hour whose payload cannot be made at first."""
    service = ServiceBuilder("Shop")
    due = service.event("shop.due", int, "It is time")
    service.schedule("hourly", "Each hour").emit_event(
        due, expression="0 * * * *", timezone="Europe/Berlin", payload=lambda slot: 100 // (slot.hour - 14)
    )
    service.subscribe(due, "onDue")(lambda ctx, payload: None)
    return Application("shop", [service])


def test_schedules_are_listed_with_where_they_stand(clock):
    """Expression, zone, target, the next knock and the watermark, which is unknown before the first start."""
    with Host(scheduled(), ":memory:", clock=clock) as host:
        (before,) = list_schedules(host)
        host.step()
        (after,) = list_schedules(host)

        assert (before.name, before.timezone, before.target) == ("Shop.1.hourly", "Europe/Berlin", "event shop.due")
        assert (before.next, before.watermark, after.watermark) == (NOW + HOUR, None, NOW)
        assert next_slots(host, "Shop.1.hourly", 3) == (NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR)


def test_an_unknown_schedule_is_suggested(clock):
    """A typing error gets the nearest name."""
    unknown = pytest.raises(KeyError, match=r"no schedule 'Shop\.1\.hourli'; did you mean 'Shop\.1\.hourly'")
    with Host(scheduled(), ":memory:", clock=clock) as host, unknown:
        next_slots(host, "Shop.1.hourli")


def test_a_schedule_can_be_triggered_beside_its_slots(clock):
    """The event is out at once, and the schedule's own slots stay as they are."""
    with Host(scheduled(), ":memory:", clock=clock) as host:
        host.step()
        trigger_schedule(host, "Shop.1.hourly")

        assert {queue.edge: queue.ready for queue in measure_queues(host)} == {"subscription:Shop.1.onDue": 1}
        assert list_schedules(host)[0].watermark == NOW


def test_a_run_that_could_not_be_triggered_is_triggered_by_a_redrive(clock):
    """The letter of a schedule goes nowhere but to its gate."""
    with Host(scheduled(), ":memory:", clock=clock) as host:
        host.step()
        clock.advance(timedelta(hours=1))
        host.step()
        (letter,) = list_letters(host)
        with pytest.raises(ZeroDivisionError):
            redrive_letter(host, letter)

        assert (letter.edge, letter.reason) == (
            "schedule:Shop.1.hourly",
            "ZeroDivisionError: integer division or modulo by zero",
        )
        assert [kept.key for kept in list_letters(host)] == [letter.key]


def test_cancelling_the_first_of_an_ordering_key_lets_the_next_one_go(clock):
    """Whoever stands in line behind an untracked job that is removed does not wait for ever."""
    declared = shop(str, ordering_key=lambda order: "one line", listeners=())
    with host_of(declared, clock=clock) as host:
        first, second, _ = (host.client.enqueue(declared.orders, order) for order in "abc")
        cancel_job(host, "shop.orders", first)
        cancel_job(host, "shop.orders", second)
        host.step()

        assert declared.seen == [("order", "c")]


def test_a_cancelled_job_whose_time_has_not_come_says_so(clock):
    """Its message waits on, and yet it is not one that is going to run."""
    declared = shop(str, tracking="full")
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(declared.orders, "a", delay=timedelta(hours=1))
        cancel_job(host, "shop.orders", job_id)

        assert show_job(host, "shop.orders", job_id).status == "cancelled"
        assert list_jobs(host, status="delayed") == ()


def test_a_redriven_job_that_waits_can_be_cancelled(clock):
    """Its record tells of the generation that failed; the one that waits does not run any more."""
    declared = shop(str, tracking="full", fails=True, lifecycle=None, max_attempts=1)
    with host_of(declared, clock=clock) as host:
        job_id = host.client.enqueue(declared.orders, "a")
        host.step()
        redrive_letter(host, list_letters(host)[0])
        waiting = show_job(host, "shop.orders", job_id)
        assert cancel_job(host, "shop.orders", job_id, "not wanted")
        host.step()

        ended = show_job(host, "shop.orders", job_id)
        assert (waiting.status, waiting.generation) == ("queued", 1)
        assert (ended.status, ended.reason, ended.generation) == ("cancelled", "not wanted", 1)
        assert declared.seen == [("order", "a")]
