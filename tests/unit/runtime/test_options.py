"""The jitter window of a schedule, the poison rule of a queue and progress, seen through a simulation."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from purista_serverless import Application, Backoff, Context, Cron, Lifecycle, Model, ServiceBuilder
from purista_serverless.testing import Simulation

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Tick(Model):
    """When a slot was due."""

    slot: datetime


def ticking(jitter: timedelta | None) -> tuple[Application, list[tuple[datetime, datetime]]]:
    """Give an application with an hourly schedule, and what it notes: slot and time of each tick."""
    notes: list[tuple[datetime, datetime]] = []
    clock = ServiceBuilder("Clock")
    tick = clock.event("clock.tick", Tick)
    clock.schedule("hourly").emit_event(
        tick, expression=Cron("0 * * * *"), jitter=jitter, payload=lambda slot: Tick(slot=slot)
    )

    @clock.subscribe(tick, "note")
    def note(ctx: Context, payload: Tick) -> None:
        notes.append((payload.slot, ctx.now))

    return Application("ticking", [clock]), notes


@given(minutes=st.integers(min_value=1, max_value=59))
def test_every_slot_starts_once_inside_its_jitter_window(minutes):
    """Jitter moves the start of a slot, never the slot itself, and loses none."""
    window = timedelta(minutes=minutes)
    application, notes = ticking(window)

    Simulation(application, start=START).advance(24 * HOUR + window)

    slots = [slot for slot, _ in notes]
    assert slots == [START + hour * HOUR for hour in range(1, len(slots) + 1)]
    assert len(slots) >= 24
    assert all(slot <= at <= slot + window + timedelta(seconds=1) for slot, at in notes)


def test_jitter_spreads_slots_and_repeats_itself():
    """Different slots start at different offsets, and another host computes the same ones."""
    first, second = ticking(timedelta(minutes=30)), ticking(timedelta(minutes=30))
    for application, _ in (first, second):
        Simulation(application, start=START).advance(24 * HOUR)

    assert first[1] == second[1]
    assert len({at - slot for slot, at in first[1]}) > 12


def test_a_job_that_keeps_failing_alike_is_given_up_early():
    """After as many equal failures as the poison threshold says, a job is a dead letter; other failures start over."""
    service = ServiceBuilder("Mail")
    lifecycle = Lifecycle(max_attempts=10, poison_threshold=3, backoff=Backoff(jitter=0))
    letters = service.queue("mail.letters", Tick, lifecycle=lifecycle)
    reasons = iter(["timeout", "refused", "refused", "refused", "never reached"])

    @letters.worker()
    def send(ctx: Context, job: Tick) -> None:
        raise OSError(next(reasons))

    simulation = Simulation(Application("mail", [service]), start=START)
    simulation.client.enqueue(letters, Tick(slot=START))
    simulation.drain()

    (letter,) = simulation.dead_letters(letters)
    assert letter.reason == "poison message: OSError: refused"
    assert letter.attempts == 4


def test_a_redriven_poison_message_is_counted_anew():
    """Failures from before a redrive say nothing about the mended handler: it may fail as often as any other."""
    service = ServiceBuilder("Mail")
    lifecycle = Lifecycle(max_attempts=10, poison_threshold=3, backoff=Backoff(jitter=0))
    letters = service.queue("mail.letters", Tick, lifecycle=lifecycle)

    @letters.worker()
    def send(ctx: Context, job: Tick) -> None:
        raise OSError("refused")

    simulation = Simulation(Application("mail", [service]), start=START)
    simulation.client.enqueue(letters, Tick(slot=START))
    simulation.drain()
    simulation.redrive(simulation.dead_letters(letters)[0])
    simulation.drain()

    (letter,) = simulation.dead_letters(letters)
    assert (letter.generation, letter.attempts) == (1, 3)


def test_progress_may_be_a_model():
    """Progress is kept as JSON, whatever it was made of."""
    service = ServiceBuilder("Copy")
    copies = service.queue("copy.files", Tick, tracking="full")

    @copies.worker()
    def copy(ctx: Context, job: Tick) -> None:
        ctx.progress({"at": job})

    simulation = Simulation(Application("copy", [service]), start=START)
    job_id = simulation.client.enqueue(copies, Tick(slot=START))
    simulation.drain()

    record = simulation.client.status(copies, job_id)
    assert record is not None
    assert (record.status, record.progress) == ("success", {"at": {"slot": "2026-01-01T00:00:00Z"}})
