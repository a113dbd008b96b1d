"""A whole application in virtual time, as a test drives it."""

from datetime import UTC, datetime, timedelta

import pytest

from purista_serverless.errors import DeclarationError, HandledError, InvocationFailed, Unavailable, UnknownAdapter
from purista_serverless.message import Failed, Success
from purista_serverless.runtime import loop as process_loop
from purista_serverless.testing import Crash, Faults, Simulation
from tests.simulation.shop import Diary, Order, open_shop

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BACKENDS = ("ideal", "sqs-like", "push-like")


@pytest.fixture
def shop():
    """Declare the shop anew."""
    return open_shop()


@pytest.fixture(params=BACKENDS)
def sim(request, shop):
    """Run the shop on each backend in turn; inventory is not taken."""
    return Simulation(shop.application, backend=request.param, schedules=False)


def test_nothing_happens_until_time_passes(sim, shop):
    """An event is published at once and handled when the simulation is driven."""
    sim.client.emit(shop.ordered, Order(number=1))

    assert sim.events(shop.ordered) == (Order(number=1),)
    assert sim.attempts(shop.remember) == ()
    sim.drain()
    assert [job.status for job in sim.jobs(shop.packing)] == ["success"]
    assert len(sim.attempts(shop.remember)) == len(sim.attempts(shop.pack)) == 1


def test_a_command_is_answered_at_once_and_takes_its_time(sim, shop):
    """An async command that a sync one invokes sleeps in virtual time; its answer comes back typed."""
    assert sim.client.invoke(shop.place, Order(number=21)) == 42
    assert sim.now == START + 3 * SECOND
    with pytest.raises(HandledError, match="no such order"):
        sim.client.invoke(shop.place, Order(number=404))


def test_commands_of_others_are_answered_by_the_test(shop):
    """An answer stands in for a command, also for one of the application's own."""
    sim = Simulation(shop.application, commands={shop.rate_of: lambda order: order.number})

    assert sim.client.invoke(shop.place, Order(number=5)) == 25


class CrashIn(Faults):
    """Let the process die before it makes a call."""

    def __init__(self, call):
        super().__init__(0)
        self.call = call

    def before(self, call):
        """Die if this is the call."""
        if call == self.call:
            raise Crash(call)


@pytest.mark.parametrize(
    ("call", "expected"), [("commands.invoke", Unavailable), ("commands.ainvoke", InvocationFailed)]
)
def test_a_command_whose_process_dies_is_unavailable_to_its_caller(shop, call, expected):
    """A crash stays in the process that it strikes; the caller hears that nobody answered."""
    sim = Simulation(shop.application, schedules=False, faults=CrashIn(call))

    with pytest.raises(expected):
        sim.client.invoke(shop.place, Order(number=5))


def test_a_job_that_fails_is_retried_buried_and_redriven(sim, shop):
    """The history shows each run; a redriven letter starts a new generation and leaves the old letter behind."""
    sim.client.enqueue(shop.packing, Order(number=99))
    sim.drain()

    (job,) = sim.jobs(shop.packing)
    assert (job.status, [attempt.number for attempt in job.attempts]) == ("dead-lettered", [1, 2])
    assert all(isinstance(attempt.outcome, Failed) for attempt in job.attempts)
    assert job.attempts[1].started_at - job.attempts[0].started_at == SECOND
    (letter,) = sim.dead_letters(shop.packing)
    assert (letter.generation, letter.attempts) == (0, 2)

    sim.redrive(letter)
    assert sim.dead_letters(shop.packing) == ()
    sim.drain()
    (letter,) = sim.dead_letters(shop.pack)
    assert letter.generation == 1
    (job,) = sim.jobs(shop.packing)
    assert (job.generation, len(job.attempts)) == (1, 4)
    assert (sim.purge("queue:shop.packing"), sim.purge(shop.packing)) == (1, 0)


def test_handlers_take_the_time_that_is_set_for_them(shop):
    """A sync handler takes a duration, or one that depends on the attempt."""
    for duration in (10 * MINUTE, lambda attempt: attempt * 10 * MINUTE):
        sim = Simulation(shop.application, schedules=False, durations={shop.pack: duration})
        sim.client.enqueue(shop.packing, Order(number=1))
        sim.drain()
        (attempt,) = sim.attempts(shop.packing)
        assert (attempt.started_at, attempt.ended_at) == (START, START + 10 * MINUTE)


def test_schedules_fire_at_their_slots(shop):
    """A day has 24 slots, whatever else happens in it."""
    diary = Diary()
    sim = Simulation(shop.application, resources={"diary": diary})

    sim.run_until(START + 24 * HOUR)

    assert diary.numbers == [*range(1, 24), 0]


def test_an_outage_of_the_scheduler_misses_runs(shop):
    """While it is stopped no slot fires; what was missed is treated by its policy, here: skipped."""
    diary = Diary()
    sim = Simulation(shop.application, resources={"diary": diary})

    sim.stop_scheduler()
    sim.advance(5 * HOUR + 10 * MINUTE)
    sim.start_scheduler()
    sim.advance(HOUR)

    assert diary.numbers == [6]


def test_a_knock_for_a_slot_starts_it_once(shop):
    """A provider's scheduler may knock late and twice; the slot starts once."""
    diary = Diary()
    sim = Simulation(shop.application, resources={"diary": diary}, schedules=False)
    sim.advance(HOUR + SECOND)

    for _ in range(2):
        sim.knock(shop.inventory, START + HOUR)
    sim.drain()

    assert diary.numbers == [1]
    assert [run.slot for run in sim.runs(shop.inventory)] == [START + HOUR]


def test_a_restart_loses_what_is_in_memory_only(shop):
    """The running handler is gone, its message comes back when the lease has run out, resources are made anew."""
    sim = Simulation(shop.application, schedules=False, durations={shop.pack: MINUTE})
    sim.client.enqueue(shop.packing, Order(number=1))
    sim.advance(SECOND)

    sim.restart()
    sim.drain()

    lost, done = sim.attempts(shop.packing)
    assert (lost.outcome, isinstance(done.outcome, Success)) == (None, True)
    assert done.started_at - lost.started_at == timedelta(minutes=15)


def test_a_new_application_takes_over(shop):
    """Another schedule is in force from the moment it is deployed."""
    diary = Diary()
    sim = Simulation(shop.application, resources={"diary": diary})
    sim.advance(HOUR)

    sim.replace_application(open_shop("30 * * * *").application)
    sim.advance(HOUR)

    assert diary.numbers == [1, 1]
    assert [run.slot.minute for run in sim.runs(shop.inventory)] == [0, 30]


def test_the_same_program_tells_the_same_story(shop):
    """With one seed all faults, retries and times repeat; with another they differ."""

    def story(seed):
        faults = Faults(seed, crash=0.05, unavailable=0.05, duplicate=0.1, delay=0.2)
        sim = Simulation(shop.application, backend="sqs-like", seed=seed, faults=faults)
        for number in range(30):
            sim.client.emit(shop.ordered, Order(number=number))
        sim.run_until(START + 24 * HOUR)
        return [(attempt.started_at, attempt.number) for attempt in sim.attempts(shop.packing)]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_what_never_ends_is_an_error_of_draining(shop):
    """Messages that nobody consumes any more wait for ever; draining says so instead of hanging."""
    sim = Simulation(shop.application, schedules=False)
    sim.client.enqueue(shop.packing, Order(number=1))
    sim._host.consumers = {}  # noqa: SLF001 - no application can be declared that does this

    with pytest.raises(RuntimeError, match="still on their way"):
        sim.drain(most_steps=100)


def test_the_process_keeps_its_own_loop(shop):
    """A simulation lends its loop while it is driven, and takes it back."""
    before = process_loop.current_loop()
    sim = Simulation(shop.application)
    sim.client.invoke(shop.place, Order(number=1))
    sim.advance(HOUR)

    assert process_loop.current_loop() is before
    before.close()
    process_loop.use_loop(None)


def test_only_what_has_an_edge_has_dead_letters(sim, shop):
    """A command has no asynchronous edge of its own; asking for it says what to ask for."""
    with pytest.raises(DeclarationError, match="no asynchronous edge"):
        sim.dead_letters(shop.place)


def test_an_unknown_backend_is_named_with_those_there_are(shop):
    """A misspelt backend fails before anything runs."""
    with pytest.raises(UnknownAdapter, match="ideal, push-like, sqs-like"):
        Simulation(shop.application, backend="sqs")  # type: ignore[arg-type]


def test_messages_are_seen_by_name_or_all_together(sim, shop):
    """Envelopes are kept as they were published."""
    sim.client.emit(shop.ordered, Order(number=1))

    (message,) = sim.messages("shop.ordered")
    assert sim.messages() == (message,) == sim.messages(shop.ordered)
    assert sim.messages("shop.other") == ()
