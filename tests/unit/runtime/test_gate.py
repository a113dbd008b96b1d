"""The gate of a schedule by itself: first knocks, lost writes, and what a second gate leaves alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from purista_serverless.errors import RetryLater, Unavailable
from purista_serverless.runtime.gate import Gate, Timetable
from purista_serverless.runtime.ports import Ports
from purista_serverless.runtime.runs import TRIGGER_TOKEN, read_run, remove_token, run_id_of
from purista_serverless.runtime.slots import ExpressionSlots
from purista_serverless.schedule import Cron, DstPolicy
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.doubles import MemoryLedger, ports

NAME = "Shop.1.inventory"
MINUTE = 60_000
NOON = round(datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp() * 1000)


class Recorder:
    """A trigger that notes the slots that it fires, and leaves the run waiting for a token."""

    def __init__(self) -> None:
        self.fired: list[int] = []
        self.failures: list[Exception] = []

    def tokens(self, run_id: str, slot: int) -> tuple[str, ...]:
        """Give one token."""
        return ("job:shop.counting/1",)

    def fire(self, run_id: str, slot: int, ports: Ports) -> None:
        """Note the slot, or fail as planned."""
        self.fired.append(slot)
        if self.failures:
            raise self.failures.pop()


class Door:
    """A gate with a slot each minute, at a time after noon."""

    def __init__(self, minutes: float = 0, **options):
        self.clock = VirtualClock(NOON + round(minutes * MINUTE))
        self.ports = ports(self.clock, ledger=MemoryLedger(self.clock))
        self.trigger = Recorder()
        self.gate = Gate(self.timetable(**options), self.ports)

    def timetable(self, **options) -> Timetable:
        """Give the timetable."""
        slots = ExpressionSlots(Cron("* * * * *"), "UTC", DstPolicy())
        return Timetable(name=NAME, slots=slots, trigger=self.trigger, signature="a", **options)

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now() + round(minutes * MINUTE))


def test_the_very_first_knock_starts_the_slot_that_it_comes_for():
    """Without any state, the slot of the caller is due, also a little later, and nothing before it."""
    door = Door(minutes=0.5)

    door.gate.knock(NOON)

    assert door.trigger.fired == [NOON]


@pytest.mark.parametrize("slot", [None, NOON + 10 * MINUTE, NOON + 1])
def test_any_other_first_knock_starts_with_what_comes(slot):
    """No slot, one that is yet to come, or an instant that is none: the schedule starts now, and skips nothing."""
    door = Door()

    door.gate.knock(slot)
    assert door.trigger.fired == []
    door.wait(2)
    door.gate.knock()

    assert door.trigger.fired == [NOON + MINUTE, NOON + 2 * MINUTE]


def test_a_run_that_is_triggered_already_is_not_triggered_again():
    """A gate that died after the trigger's token was gone finds the run open, and only moves on."""
    door = Door(concurrency="forbid")
    door.trigger.failures.append(Unavailable("the queue cannot be reached"))
    with pytest.raises(Unavailable):
        door.gate.knock(NOON)

    # Another gate has triggered the run meanwhile; the state is as the first one left it.
    remove_token(door.ports, run_id_of(NAME, NOON), TRIGGER_TOKEN)
    report = door.gate.knock()

    run = read_run(door.ports, NAME, NOON)
    assert run is not None
    assert (door.trigger.fired, report.started) == ([NOON], [])
    assert (run.status, run.tokens) == ("open", ("job:shop.counting/1",))


def test_a_key_that_is_just_being_taken_is_a_reason_to_knock_again():
    """Hosts know one error that means to come again; the run keeps its trigger for that."""
    door = Door(concurrency="forbid")
    door.trigger.failures.append(RetryLater(None, "the same key is just being enqueued"))

    with pytest.raises(Unavailable, match=r"'Shop\.1\.inventory' cannot be triggered yet: the same key"):
        door.gate.knock(NOON)
    door.gate.knock()

    assert door.trigger.fired == [NOON, NOON]


@pytest.mark.parametrize(("concurrency", "expected"), [("forbid", 91), ("replace", 91), ("allow", 120)])
def test_the_next_knock_is_due_when_a_run_is_too_old(concurrency, expected):
    """Between two slots an open run may reach its timeout; under `allow` nobody waits for a run."""
    door = Door(concurrency=concurrency, run_timeout=90_999)
    door.gate.knock(NOON)
    door.wait(1)

    assert door.gate.next_knock() == NOON + expected * 1_000


def test_a_run_that_has_ended_has_no_timeout():
    """Whoever removes its last token leaves only the slots to wake for."""
    door = Door(concurrency="forbid", run_timeout=90_000)
    door.gate.knock(NOON)
    remove_token(door.ports, run_id_of(NAME, NOON), "job:shop.counting/1")
    door.wait(1)

    assert door.gate.next_knock() == NOON + 2 * MINUTE


class Quick(Recorder):
    """A trigger whose job has ended before the gate is back from sending it."""

    def fire(self, run_id: str, slot: int, ports: Ports) -> None:
        """Note the slot, and end its job."""
        super().fire(run_id, slot, ports)
        remove_token(ports, run_id, "job:shop.counting/1")


def test_a_gate_that_closes_a_run_itself_goes_on_without_a_knock():
    """It looks again anyway; no function is allowed to send to the edge that it consumes."""
    door = Door()
    door.trigger = Quick()
    gate = Gate(door.timetable(concurrency="forbid", missed_runs="catchUp"), door.ports)
    gate.knock(NOON)
    door.wait(2)

    gate.knock()

    assert door.trigger.fired == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    schedules: Any = door.ports.schedules
    assert schedules.knocks == []
