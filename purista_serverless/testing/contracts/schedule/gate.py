"""The gate under stress: knocks that come late or twice, processes that die between two writes, outages."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from purista_serverless.errors import InvocationFailed
from purista_serverless.model import ConcurrencyPolicy
from purista_serverless.testing.contracts.faults import Meanwhile, Unreachable
from purista_serverless.testing.contracts.schedule.application import BRIEF, Kind, Rounds, contended_rounds, rounds
from purista_serverless.testing.contracts.schedule.suite import ScheduleSuite, slots_of
from purista_serverless.testing.contracts.script import Step, task
from purista_serverless.testing.contracts.suite import DAY, HOUR, MILLISECOND, MINUTE, SECOND, START, Stage
from purista_serverless.testing.faults import CrashAt, Faults

HALF = 30 * SECOND

# Seconds of a round that is still open when the next slot's knock comes again whose process died, within two minutes.
OUTLASTING = 240


class Knocks(ScheduleSuite):
    """Whoever knocks, whenever and however often: a slot is one run."""

    def test_a_slot_starts_one_run_however_often_it_is_knocked_for(self, kind: Kind) -> None:
        """Providers deliver their wake-ups at least once; the second one finds the slot taken."""
        stage = self.quiet(kind)
        stage.system.run_until(START + MINUTE)
        for _ in range(3):
            stage.system.knock(stage.declared.schedule, START + MINUTE)
        stage.system.drain()

        assert stage.logbook.names() == ["12:01"]
        assert slots_of(stage) == {"12:01": "closed"}

    def test_a_late_knock_names_the_slot_and_not_the_time(self, kind: Kind) -> None:
        """A wake-up that comes two minutes late starts the slot that it was sent for, and those since then."""
        stage = self.quiet(kind)
        stage.system.advance(3 * MINUTE)
        stage.system.knock(stage.declared.schedule, START + MINUTE)
        stage.system.drain()

        assert stage.logbook.names() == ["12:01", "12:02", "12:03"]

    def test_a_knock_that_is_too_late_starts_nothing(self, kind: Kind) -> None:
        """Under `skip`, a slot beyond `max_lateness` is over, though its wake-up arrives."""
        stage = self.quiet(kind, expression="1 12 * * *", max_lateness=MINUTE)
        stage.system.advance(3 * MINUTE)
        stage.system.knock(stage.declared.schedule, START + MINUTE)
        stage.system.drain()

        assert stage.logbook.names() == []
        assert slots_of(stage) == {}

    def test_a_knock_from_a_clock_that_is_ahead_starts_the_slot(self, kind: Kind) -> None:
        """The caller's slot counts although the gate's own clock is a second behind it, and only once."""
        stage = self.quiet(kind)
        stage.system.run_until(START + MINUTE - SECOND)
        stage.system.knock(stage.declared.schedule, START + MINUTE)
        stage.system.run_until(START + MINUTE - MILLISECOND)
        assert stage.logbook.names() == ["12:01"]

        stage.system.run_until(START + MINUTE + SECOND)
        stage.system.knock(stage.declared.schedule)
        stage.system.drain()

        assert stage.logbook.names() == ["12:01"]

    def test_the_very_first_knock_starts_the_slot_that_it_comes_for(self, kind: Kind) -> None:
        """A schedule whose first sign of life is its first slot does not lose it."""
        stage = self.quiet(kind)
        stage.system.run_until(START + MINUTE)
        stage.system.knock(stage.declared.schedule, START + MINUTE)
        stage.system.drain()

        assert stage.logbook.names() == ["12:01"]

    def test_a_knock_between_two_slots_starts_nothing(self, kind: Kind) -> None:
        """An extra wake-up is harmless."""
        stage = self.stage(rounds(kind), start=START + HALF)
        for _ in range(10):
            stage.system.advance(6 * SECOND)
            stage.system.knock(stage.declared.schedule)
        stage.system.advance(MINUTE)

        assert stage.logbook.names() == ["12:01", "12:02"]

    def quiet(self, kind: Kind, **options: Any) -> Stage[Rounds]:
        """Deploy a schedule that nothing but the test knocks for."""
        stage = self.stage(rounds(kind, **options), start=START + HALF)
        stage.system.stop_scheduler()
        return stage


class Crashes(ScheduleSuite):
    """A process may die before and after each write; the next knock finishes what was begun."""

    @pytest.mark.parametrize("concurrency", ["allow", "forbid", "replace"])
    def test_a_crash_between_any_two_writes_neither_loses_nor_doubles_a_run(
        self, kind: Kind, concurrency: ConcurrencyPolicy
    ) -> None:
        """Wherever gate, binding or worker dies: each slot is one run, it ends, and its work is done."""
        deaths = 0
        while self._dies_and_recovers(kind, concurrency, CrashAt(deaths + 1)):
            deaths += 1

        # At least the gate's own: five writes and the trigger for each of two slots, before and after.
        assert deaths >= 24

    def _dies_and_recovers(self, kind: Kind, concurrency: ConcurrencyPolicy, faults: CrashAt) -> bool:
        declared = rounds(kind, expression="1,31 12 2 3 *", concurrency_policy=concurrency, missed_run_policy="catchUp")
        stage = self.stage(declared, start=START + HALF, faults=faults)
        stage.system.run_until(START + 3 * HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:31": "closed"}, faults.fired
        assert set(stage.logbook.names()) == {"12:01", "12:31"}, faults.fired
        if declared.queue is not None:
            assert len(stage.system.jobs(declared.queue)) == 2, faults.fired
            told = {result.result.name for result in stage.system.events(declared.queue.completed)}
            assert told == {"12:01", "12:31"}, faults.fired
        assert stage.system.dead_letters(declared.edge) == (), faults.fired
        return faults.fired is not None

    def test_no_two_runs_overlap_under_forbid_wherever_a_process_dies(self, kind: Kind) -> None:
        """A slot that comes while a run is open is skipped, also when the gate dies over it."""
        deaths = 0
        while self._dies_and_keeps_apart(kind, CrashAt(deaths + 1)):
            deaths += 1

        assert deaths >= 24

    def _dies_and_keeps_apart(self, kind: Kind, faults: CrashAt) -> bool:
        steps = {"12:01": (Step(takes=OUTLASTING),)}
        declared = rounds(kind, steps=steps, expression="1-2 12 2 3 *", concurrency_policy="forbid")
        stage = self.stage(declared, start=START + HALF, faults=faults)
        stage.system.run_until(START + 3 * HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "skipped"}, faults.fired
        assert set(stage.logbook.names()) == {"12:01"}, faults.fired
        return faults.fired is not None

    def test_the_newer_run_wins_under_replace_wherever_a_process_dies(self, kind: Kind) -> None:
        """The older run is superseded once and for all, and the newer one is done."""
        deaths = 0
        while self._dies_and_replaces(kind, CrashAt(deaths + 1)):
            deaths += 1

        assert deaths >= 24

    def _dies_and_replaces(self, kind: Kind, faults: CrashAt) -> bool:
        steps = {"12:01": (Step(takes=OUTLASTING),)}
        declared = rounds(kind, steps=steps, expression="1-2 12 2 3 *", concurrency_policy="replace")
        stage = self.stage(declared, start=START + HALF, faults=faults)
        stage.system.run_until(START + 3 * HOUR)

        assert slots_of(stage) == {"12:01": "superseded", "12:02": "closed"}, faults.fired
        assert "12:02" in stage.logbook.names(), faults.fired
        if declared.queue is not None:
            statuses = [job.status for job in stage.system.jobs(declared.queue)]
            assert statuses in (["cancelled", "success"], ["success"]), faults.fired
        return faults.fired is not None

    @pytest.mark.parametrize("concurrency", ["allow", "forbid", "replace"])
    def test_two_gates_that_work_at_the_same_time_start_each_slot_once(
        self, kind: Kind, concurrency: ConcurrencyPolicy
    ) -> None:
        """Between any two steps of one gate another one may do all of its work: the slot is still one run.

        Both may have sent its trigger, since delivery is at least once; the copies have one id, and a job whose record
        is kept runs once all the same.
        """
        interferences = 0
        while self._is_disturbed(kind, concurrency, Meanwhile(interferences + 1)):
            interferences += 1

        assert interferences >= 12

    def _is_disturbed(self, kind: Kind, concurrency: ConcurrencyPolicy, faults: Meanwhile) -> bool:
        declared = rounds(kind, expression="1 12 2 3 *", concurrency_policy=concurrency)
        stage = self.stage(declared, start=START + HALF, faults=faults)
        faults.act = lambda: stage.system.knock(declared.schedule)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed"}, faults.fired
        assert len({entry.message.id for entry in stage.logbook.of("12:01")}) == 1, faults.fired
        if declared.queue is not None and concurrency != "allow":
            assert stage.logbook.names() == ["12:01"], faults.fired
        return faults.fired is not None

    @pytest.mark.parametrize("concurrency", ["allow", "forbid"])
    def test_a_slot_whose_key_is_just_being_enqueued_starts_a_moment_later(
        self, concurrency: ConcurrencyPolicy
    ) -> None:
        """An enqueue that died between claim and send holds its key for a while; the gate is knocked at again."""
        declared = contended_rounds(expression="1 12 2 3 *", concurrency_policy=concurrency)
        faults = Unreachable("queues.send", times=1)
        stage = self.stage(declared, start=START + MINUTE - SECOND, faults=faults)
        with pytest.raises(InvocationFailed):
            stage.client.invoke(declared.order, task("12:01", *BRIEF))
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed"}
        assert stage.logbook.names() == ["12:01"]
        assert stage.system.dead_letters("schedule:Contract.1.rounds") == ()

    def test_a_gate_that_cannot_reach_its_ports_tries_again(self, kind: Kind) -> None:
        """An outage of the ports delays a run and does not lose it."""
        stage = self.stage(rounds(kind, expression="1 12 2 3 *"), start=START + HALF, faults=Faults(3, unavailable=0.3))
        stage.system.run_until(START + 3 * HOUR)

        assert slots_of(stage) == {"12:01": "closed"}
        assert "12:01" in stage.logbook.names()


class Watermark(ScheduleSuite):
    """What the gate remembers, and when it starts afresh."""

    def test_nothing_is_due_before_the_first_start(self, kind: Kind) -> None:
        """A new schedule does not catch up slots from before it was deployed."""
        stage = self.stage(rounds(kind, expression="0 * * * *", missed_run_policy="catchUp"), start=START + 30 * MINUTE)
        stage.system.advance(HOUR)

        assert stage.logbook.names() == ["13:00"]

    def test_an_outage_is_caught_up_from_where_it_began(self, kind: Kind) -> None:
        """Without a change of the schedule, slots missed for a month are due; the newest ten are caught up."""
        stage = self.stage(rounds(kind, expression="0 12 * * *", missed_run_policy="catchUp"), start=START + HALF)
        stage.system.stop_scheduler()
        stage.system.advance(30 * DAY)
        stage.system.start_scheduler()
        stage.system.advance(MINUTE)

        newest = [START + (21 + number) * DAY for number in range(10)]
        assert [run.slot for run in stage.system.runs(stage.declared.schedule)] == newest

    @pytest.mark.parametrize(
        "change", [{"expression": "15 * * * *"}, {"timezone": "Europe/Berlin"}], ids=["expression", "time zone"]
    )
    def test_a_changed_timetable_starts_afresh(self, kind: Kind, change: dict[str, str]) -> None:
        """Slots that the old expression or zone missed are not due under the new one."""
        before: dict[str, Any] = {"expression": "0 * * * *", "missed_run_policy": "catchUp"}
        stage = self.stage(rounds(kind, **before), start=START + HALF)
        stage.system.stop_scheduler()
        stage.system.advance(5 * HOUR)
        stage.system.replace_application(rounds(kind, **{**before, **change}).application)
        stage.system.start_scheduler()
        stage.system.advance(30 * MINUTE)
        assert len(stage.logbook.entries) == (1 if "expression" in change else 0)

        stage.system.advance(HOUR)
        assert len(stage.logbook.entries) == (2 if "expression" in change else 1)

    @pytest.mark.parametrize(
        ("served", "slot"),
        [(5 * HOUR, START + 270 * MINUTE), (5 * HOUR, START), (HOUR, START + 30 * MINUTE)],
        ids=["before the watermark", "of the old timetable", "too late"],
    )
    def test_a_late_knock_brings_nothing_back_after_a_change(
        self, kind: Kind, served: timedelta, slot: datetime
    ) -> None:
        """A wake-up for an old slot may come after a deployment: nothing before the change is started by it."""
        before: dict[str, Any] = {"expression": "0 * * * *", "missed_run_policy": "catchUp", "max_lateness": 3 * HOUR}
        stage = self.stage(rounds(kind, **before), start=START - MINUTE)
        stage.system.advance(served + 2 * MINUTE)
        ran = stage.logbook.names()
        stage.system.stop_scheduler()
        stage.system.run_until(START + 5 * HOUR + 2 * MINUTE)
        stage.system.replace_application(rounds(kind, **{**before, "expression": "0,30 * * * *"}).application)
        stage.system.knock(stage.declared.schedule, slot)
        stage.system.drain()

        assert stage.logbook.names() == ran

    @pytest.mark.parametrize(("late", "started"), [(4 * MINUTE, ["12:30"]), (6 * MINUTE, [])], ids=["in time", "late"])
    def test_the_knock_that_tells_of_a_change_starts_its_slot(
        self, kind: Kind, late: timedelta, started: list[str]
    ) -> None:
        """The first wake-up under a new expression is not lost, if it is within `max_lateness`."""
        before: dict[str, Any] = {"expression": "0 * * * *", "max_lateness": 5 * MINUTE}
        stage = self.stage(rounds(kind, **before), start=START + HALF)
        stage.system.stop_scheduler()
        stage.system.replace_application(rounds(kind, **{**before, "expression": "30 * * * *"}).application)
        stage.system.run_until(START + 30 * MINUTE + late)
        stage.system.knock(stage.declared.schedule, START + 30 * MINUTE)
        stage.system.drain()

        assert stage.logbook.names() == started

    def test_a_change_of_anything_else_does_not(self, kind: Kind) -> None:
        """A deployment in an outage that leaves the timetable alone does not forget what was missed."""
        before: dict[str, Any] = {"expression": "0 * * * *", "missed_run_policy": "catchUp", "max_catch_up_count": 5}
        stage = self.stage(rounds(kind, **before), start=START + HALF)
        stage.system.stop_scheduler()
        stage.system.advance(5 * HOUR)
        stage.system.replace_application(rounds(kind, **{**before, "max_catch_up_count": 2}).application)
        stage.system.start_scheduler()
        stage.system.advance(MINUTE)

        assert stage.logbook.names() == ["16:00", "17:00"]

    def test_a_paused_month_is_not_caught_up(self, kind: Kind) -> None:
        """What a disabled schedule did not start was not missed: it goes on with its next slot."""
        daily: dict[str, Any] = {"expression": "0 12 * * *", "missed_run_policy": "catchUp"}
        stage = self.stage(rounds(kind, **daily), start=START + HALF)
        stage.system.replace_application(rounds(kind, **daily, enabled=False).application)
        stage.system.advance(30 * DAY)
        stage.system.replace_application(rounds(kind, **daily).application)
        stage.system.advance(MINUTE)
        assert stage.logbook.names() == []

        stage.system.advance(DAY)
        assert [entry.at for entry in stage.logbook.of()] == [START + 31 * DAY]

    def test_a_run_that_is_open_when_the_timetable_changes_still_counts(self, kind: Kind) -> None:
        """A new expression does not make an old run overlap with a new one."""
        steps = {"12:01": (Step(takes=300),)}
        forbid: dict[str, Any] = {"steps": steps, "concurrency_policy": "forbid"}
        stage = self.stage(rounds(kind, expression="1 12 * * *", **forbid), start=START + HALF)
        stage.system.run_until(START + 2 * MINUTE)
        stage.system.replace_application(rounds(kind, expression="3,8 12 * * *", **forbid).application)
        stage.system.run_until(START + 10 * MINUTE)

        assert slots_of(stage) == {"12:01": "closed", "12:03": "skipped", "12:08": "closed"}
