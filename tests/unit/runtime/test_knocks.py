"""Knocks at a gate that come through a queue, as a platform's clock sends them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from purista_serverless.builder.options import Lifecycle
from purista_serverless.errors import BadEvent, Unavailable
from purista_serverless.runtime.consume import run
from purista_serverless.runtime.gate import Timetable
from purista_serverless.runtime.knocks import GateConsumer
from purista_serverless.runtime.ports import Ports
from purista_serverless.runtime.runs import ABANDONED, read_run
from purista_serverless.runtime.slots import ExpressionSlots
from purista_serverless.schedule.expressions import Cron, DstPolicy
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import ports

NAME = "Shop.1.monthly"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = 60_000


class Fired:
    """A trigger that notes the slots that it is fired for."""

    def __init__(self) -> None:
        self.slots: list[int] = []
        self.error: Exception | None = None

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Have the run wait for one thing."""
        return ("job:q/1",)

    def fire(self, run_id: str, slot: int, ports: Ports) -> None:
        """Note a slot."""
        if self.error is not None:
            raise self.error
        self.slots.append(slot)


class Knock:
    """A delivery on the edge of the schedule."""

    def __init__(self, body: Any) -> None:
        self.edge = f"schedule:{NAME}"
        self.id = "message"
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.receives = 1
        self.lease_until: int | None = None
        self.settled: list[Any] = []

    def acknowledge(self) -> None:
        """Note it."""
        self.settled.append("done")

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Note it."""
        self.settled.append((delay, counted))

    def leave(self) -> None:
        """Note it."""
        self.settled.append("left")

    def extend(self, duration: int) -> bool:
        """Refuse."""
        return False


class Post:
    """A schedule whose knocks come through a queue."""

    def __init__(self, expression: Any = None, **options: Any) -> None:
        self.clock = VirtualClock(NOON)
        self.ports = ports(self.clock)
        self.fired = Fired()
        slots = ExpressionSlots(expression or Cron("* * * * *"), "UTC", DstPolicy())
        table = Timetable(name=NAME, slots=slots, trigger=self.fired, signature="a", **options)
        self.consumer = GateConsumer(table, Lifecycle())

    def knock(self, **body: Any) -> list[Any]:
        """Deliver a knock and give how it was settled."""
        return self.deliver({"schedule": NAME, **body})

    def deliver(self, body: Any) -> list[Any]:
        """Deliver a body and give how it was settled."""
        delivery = Knock(body)
        run(self.consumer.consume(delivery, self.ports), delivery)
        return delivery.settled

    def letters(self) -> Any:
        """Give the dead letters."""
        port: Any = self.ports.dead_letters
        return port.letters()

    @property
    def noon(self) -> int:
        """Give the time of the first slot."""
        return round(NOON.timestamp() * 1000)


def test_a_slot_of_the_clock_starts_its_run():
    """The clock writes the slot as text; the very first knock starts it."""
    post = Post()

    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == ["done"]
    assert post.fired.slots == [post.noon]


def test_a_slot_that_comes_twice_starts_once():
    """The platform delivers at least once; the gate knows what it has started."""
    post = Post()
    for _ in range(2):
        assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == ["done"]

    assert post.fired.slots == [post.noon]


def test_a_knock_without_a_slot_starts_what_is_due():
    """Something has ended that the gate may wait for."""
    post = Post()
    post.knock(purista="slot", slot="2026-03-02T12:00:00Z")
    post.clock.run_until(post.noon + MINUTE)

    assert post.knock(purista="knock") == ["done"]
    assert post.fired.slots == [post.noon, post.noon + MINUTE]


def test_a_slot_waits_for_its_place_in_the_jitter_window():
    """The knock comes again when the start is due, which is nobody's failure."""
    post = Post(Cron("0 12 * * *"), jitter=10 * MINUTE)
    ready = post.consumer.timetable.ready_at(post.noon)

    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == [(ready - post.noon, False)]
    assert post.fired.slots == []

    post.clock.run_until(ready)
    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == ["done"]
    assert post.fired.slots == [post.noon]


def test_a_slot_that_is_held_back_is_left_to_the_next_knock():
    """The clock will knock again at the next slot, and whoever ends the open run knocks as well."""
    post = Post(concurrency="forbid", missed_runs="catchUp")
    post.knock(purista="slot", slot="2026-03-02T12:00:00Z")
    post.clock.run_until(post.noon + MINUTE)

    assert post.knock(purista="slot", slot="2026-03-02T12:01:00Z") == ["done"]
    assert post.fired.slots == [post.noon]


def test_a_run_that_is_open_for_too_long_is_looked_at_when_it_is():
    """No clock knocks between two slots: the knock itself waits until the run counts as finished."""
    post = Post(Cron("0 * * * *"), concurrency="forbid", missed_runs="catchUp", run_timeout=30 * MINUTE)

    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == [(30 * MINUTE + 1, False)]
    post.clock.run_until(post.noon + 30 * MINUTE + 1)
    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == ["done"]
    run = read_run(post.ports, NAME, post.noon)
    assert run is not None
    assert run.status == ABANDONED


def test_a_schedule_that_is_switched_off_waits_for_nothing():
    """The knock is done; somebody has to deploy before anything happens."""
    assert Post(enabled=False).knock(purista="knock") == ["done"]


def test_a_gate_that_cannot_work_is_knocked_at_again():
    """Nothing is lost while a port cannot be reached."""
    post = Post()
    post.fired.error = Unavailable("the bus is away")

    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == [(1_000, False)]


def test_a_run_that_could_not_be_triggered_is_triggered_again_by_its_letter():
    """The gate's own letter holds schedule and slot; redriven, it fires that slot once more and starts no run."""
    post = Post()
    post.fired.error = ValueError("no such cycle")
    assert post.knock(purista="slot", slot="2026-03-02T12:00:00Z") == ["done"]
    (letter,) = post.letters()
    post.fired.error = None

    post.consumer.validate(letter.body)
    assert post.deliver(post.consumer.redrive(letter.body, 1, post.ports)) == ["done"]
    assert post.fired.slots == [post.noon]


@pytest.mark.parametrize(
    "body",
    [
        b"knock knock",
        b"[]",
        {"purista": "slot", "slot": "2026-03-02T12:00:00Z"},
        {"purista": "slot", "schedule": "Shop.1.other", "slot": "2026-03-02T12:00:00Z"},
        {"purista": "news", "schedule": NAME},
        {"purista": {}, "schedule": NAME},
        {"purista": "slot", "schedule": NAME, "slot": 10**30},
        {"purista": "slot", "schedule": NAME, "slot": -1},
        {"purista": "slot", "schedule": NAME, "slot": "9999-12-31T23:59:59-23:59"},
        {"purista": "slot", "schedule": NAME},
        {"purista": "slot", "schedule": NAME, "slot": "today"},
        {"purista": "slot", "schedule": NAME, "slot": "2026-03-02T12:00:00"},
        {"schedule": NAME},
    ],
)
def test_what_is_no_knock_is_a_dead_letter(body):
    """It starts nothing, and is kept with its reason; no operator can send it again."""
    post = Post()

    assert post.deliver(body) == ["done"]
    assert len(post.letters()) == 1
    assert post.fired.slots == []
    with pytest.raises(BadEvent):
        post.consumer.validate(post.letters()[0].body)
