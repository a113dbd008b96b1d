"""Serving for real: threads for ``def``, the loop for ``async def``, wake-ups, and a stop that loses nothing."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.jobs import list_leases, measure_queues
from purista_serverless.adapters.embedded.runners import LoopThread
from purista_serverless.application import Application
from purista_serverless.builder.handles import Queue
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.context import Context
from purista_serverless.runtime.loop import use_loop
from purista_serverless.schedule import Interval

PATIENCE = 30


class Stage:
    """One queue whose worker reports to the test, and waits where the test wants it to."""

    def __init__(self, *, is_async: bool = False, **options: Any) -> None:
        self.started: list[int] = []
        self.attempts: list[int] = []
        self.changed = threading.Condition()
        self.may_end = threading.Event()
        service = ServiceBuilder("Serving")
        concurrency = options.pop("concurrency", None)
        self.queue: Queue[int, None] = service.queue("serving.jobs", int, "Jobs", **options)
        self.queue.worker(concurrency=concurrency)(self._async_worker() if is_async else self._worker())
        self.application = Application("serving", [service])

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true of what handlers reported."""
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)

    def note(self, ctx: Context, number: int) -> None:
        """Note a run."""
        with self.changed:
            self.started.append(number)
            self.attempts.append(ctx.attempt)
            self.changed.notify_all()

    def _worker(self) -> Callable[..., Any]:
        def work(ctx: Context, number: int) -> None:
            self.note(ctx, number)
            if number < 0:
                while not (ctx.cancel_requested() or self.may_end.wait(0.001)):
                    pass
                if not self.may_end.is_set():
                    raise RuntimeError("asked to stop")

        return work

    def _async_worker(self) -> Callable[..., Any]:
        async def work(ctx: Context, number: int) -> None:
            self.note(ctx, number)
            if number < 0:
                await asyncio.get_running_loop().run_in_executor(None, self.may_end.wait)

        return work


@contextmanager
def serving(host: Host, **options: Any) -> Iterator[threading.Event]:
    """Serve in a thread until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=host.serve, kwargs={"stop": stop, **options})
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request):
    """Say whether handlers are ``async def``."""
    return request.param


@pytest.mark.parametrize("tracking", ["none", "full"])
def test_jobs_are_done_as_they_come(tmp_path, is_async, tracking):
    """What was there before and what comes while it serves is done once."""
    stage = Stage(is_async=is_async, tracking=tracking)
    with Host(stage.application, tmp_path / "a.db") as host:
        for number in range(20):
            host.client.enqueue(stage.queue, number)
        with serving(host):
            stage.wait_for(lambda: len(stage.started) == 20)
            for number in range(20, 40):
                host.client.enqueue(stage.queue, number)
            stage.wait_for(lambda: len(stage.started) == 40)

        assert sorted(stage.started) == list(range(40))
        assert sum(queue.ready + queue.leased for queue in measure_queues(host)) == 0


def test_jobs_of_another_process_are_found(tmp_path, is_async):
    """A host that only enqueues needs no connection to the one that serves but the file."""
    stage = Stage(is_async=is_async)
    path = tmp_path / "a.db"
    with Host(stage.application, path) as host, Host(stage.application, path) as other, serving(host):
        other.client.enqueue(stage.queue, 1)
        stage.wait_for(lambda: stage.started == [1])


def test_a_stop_waits_for_what_runs(tmp_path, is_async):
    """A handler that ends in time is settled, no lease is left behind, and what was not begun stays."""
    stage = Stage(is_async=is_async)
    with Host(stage.application, tmp_path / "a.db") as host:
        with serving(host, concurrency=1) as stop:
            host.client.enqueue(stage.queue, -1)
            stage.wait_for(lambda: stage.started == [-1])
            host.client.enqueue(stage.queue, 2)
            stop.set()
            stage.may_end.set()

        (metrics,) = measure_queues(host)
        assert (len(stage.started) + metrics.ready, metrics.leased) == (2, 0)


@pytest.mark.parametrize("tracking", ["none", "full"])
def test_what_does_not_end_in_time_goes_back_without_an_attempt(tmp_path, is_async, tracking):
    """Async handlers are cancelled, sync ones asked to stop; another process runs the job as if for the first time."""
    stage = Stage(is_async=is_async, tracking=tracking)
    with Host(stage.application, tmp_path / "a.db") as host:
        with serving(host, grace=0):
            host.client.enqueue(stage.queue, -1)
            stage.wait_for(lambda: stage.started == [-1])

        assert list_leases(host) == ()
        stage.may_end.set()
        host.step()
        assert stage.attempts == [1, 1]
        assert sum(queue.ready + queue.delayed for queue in measure_queues(host)) == 0


def test_a_loop_that_a_handler_blocks_is_not_waited_for():
    """A stop ends all the same, the handler goes on alone, and whoever needs a loop next has one that runs."""
    before = use_loop(None)
    may_end = threading.Event()
    impatient, patient = LoopThread(patience=0), LoopThread(PATIENCE)
    blocked = impatient.acquire()
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "purista-loop")
    blocked.call_soon_threadsafe(may_end.wait)
    impatient.release(blocked)

    other = patient.acquire()
    assert other is not blocked
    answer = asyncio.run_coroutine_threadsafe(asyncio.to_thread(str, "it runs"), other)
    assert answer.result(PATIENCE) == "it runs"

    may_end.set()
    thread.join()
    patient.release(other)
    use_loop(before)
    for loop in (blocked, other):
        loop.close()


def test_no_more_run_at_a_time_than_the_host_allows(tmp_path, is_async):
    """The rest waits on the queue, unleased."""
    stage = Stage(is_async=is_async)
    with Host(stage.application, tmp_path / "a.db") as host:
        for _ in range(5):
            host.client.enqueue(stage.queue, -1)
        with serving(host, concurrency=3):
            stage.wait_for(lambda: len(stage.started) == 3)
            leased = len(list_leases(host))
            stage.may_end.set()
            stage.wait_for(lambda: len(stage.started) == 5)

        assert leased == 3


def test_no_more_run_at_a_time_than_the_worker_allows_over_all_processes(tmp_path, is_async):
    """Two hosts on one file share the bound, and each takes over when the other has ended one."""
    stage = Stage(is_async=is_async, concurrency=2)
    with Host(stage.application, tmp_path / "a.db") as host, Host(stage.application, tmp_path / "a.db") as other:
        for _ in range(6):
            host.client.enqueue(stage.queue, -1)
        with serving(host), serving(other):
            stage.wait_for(lambda: len(stage.started) == 2)
            leased = len(list_leases(host))
            stage.may_end.set()
            stage.wait_for(lambda: len(stage.started) == 6)

        assert leased == 2


def test_a_sync_handler_may_wait_for_an_async_command(tmp_path):
    """The command runs on the process' loop, which is there before the first handler is."""
    service = ServiceBuilder("Serving")
    answers: list[int] = []
    answered = threading.Event()
    double = service.command("double", int, int, "Double a number")
    queue: Queue[int, None] = service.queue("serving.jobs", int, "Jobs")

    @double.handler()
    async def twice(ctx: Context, number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    @queue.worker(can_invoke=[double])
    def work(ctx: Context, number: int) -> None:
        answers.append(ctx.invoke(double, number))
        if len(answers) == 20:
            answered.set()

    with Host(Application("serving", [service]), tmp_path / "a.db") as host, serving(host):
        for number in range(20):
            host.client.enqueue(queue, number)
        assert answered.wait(PATIENCE)

    assert sorted(answers) == [2 * number for number in range(20)]


def test_schedules_fire_by_the_wall_clock(tmp_path):
    """A schedule of one second has its first run within a few."""
    fired = threading.Event()
    service = ServiceBuilder("Serving")
    tick = service.event("serving.tick", dict, "It is time")
    service.schedule("ticking", "Tick").emit_event(tick, expression=Interval(timedelta(seconds=1)), payload={})
    service.subscribe(tick, "onTick")(lambda _ctx, _payload: fired.set())
    with Host(Application("serving", [service]), tmp_path / "a.db") as host, serving(host):
        assert fired.wait(PATIENCE)


def test_a_process_may_serve_a_part(tmp_path):
    """Without workers and schedules nothing of them happens; named queues are the only ones that are worked on."""
    stage = Stage()
    with Host(stage.application, tmp_path / "a.db") as host:
        host.client.enqueue(stage.queue, 1)
        with serving(host, workers=False, scheduler=False, grace=0):
            pass
        assert stage.started == []
        with serving(host, queues=["serving.jobs"], subscriptions=False, scheduler=False):
            stage.wait_for(lambda: stage.started == [1])


def test_an_unknown_queue_is_refused(tmp_path):
    """A typing error in a queue's name does not look like an idle worker."""
    stage = Stage()
    refused = pytest.raises(DeclarationError, match=r"no queue 'serving\.job' .* did you mean 'serving\.jobs'")
    with Host(stage.application, tmp_path / "a.db") as host, refused:
        host.serve(queues=["serving.job"])


def test_a_handler_that_exits_does_not_end_the_thread_that_runs_others(tmp_path):
    """``sys.exit`` in a handler is a failure of that job."""
    service = ServiceBuilder("Serving")
    ended = threading.Event()
    queue: Queue[bool, None] = service.queue("serving.exits", bool, "Jobs", max_attempts=1)

    @queue.worker()
    def work(ctx: Context, exits: bool) -> None:  # noqa: FBT001 - the payload
        if exits:
            raise SystemExit(3)
        ended.set()

    with Host(Application("serving", [service]), tmp_path / "a.db") as host:
        with serving(host, concurrency=1):
            host.client.enqueue(queue, True)
            host.client.enqueue(queue, False)
            assert ended.wait(PATIENCE)

        (letter,) = host.dead_letters.letters()
        assert letter.reason.startswith("SystemExit: 3")


def test_a_step_does_what_is_due_and_says_when_to_come_back(tmp_path):
    """One thread, no waiting: for tests, scripts and cron."""
    stage = Stage()
    with Host(stage.application, tmp_path / "a.db") as host:
        assert host.step() is None
        host.client.enqueue(stage.queue, 1)
        host.client.enqueue(stage.queue, 2, scheduled_at=datetime(2100, 1, 1, tzinfo=UTC))
        at = host.step()

        assert stage.started == [1]
        assert at is not None
        assert at <= datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000
