"""Slots: the instants that an expression names, in its zone, also where clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from purista_serverless.model import ConcurrencyPolicy, IdempotencyMode
from purista_serverless.schedule import DstPolicy, Interval, OneShot
from purista_serverless.testing.contracts.schedule.application import (
    DUE,
    Kind,
    bound_rounds,
    parametrised_rounds,
    rounds,
)
from purista_serverless.testing.contracts.schedule.suite import ScheduleSuite
from purista_serverless.testing.contracts.script import task
from purista_serverless.testing.contracts.suite import DAY, HOUR, MINUTE, SECOND, START

# Berlin: on 29 March 2026 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00 again.
SPRING = datetime(2026, 3, 29, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)


class Slots(ScheduleSuite):
    """When a schedule starts, and what its work is told about it."""

    def test_a_time_that_a_clock_change_skips_is_shifted_or_skipped(self, kind: Kind) -> None:
        """02:30 does not exist in that night: `shift` starts at 03:30 summer time, `skip` not at all."""
        assert self.starts(kind, SPRING, DstPolicy(skipped="shift")) == [SPRING + timedelta(hours=1, minutes=30)]
        assert self.starts(kind, SPRING, DstPolicy(skipped="skip")) == []

    def test_a_time_that_a_clock_change_repeats_is_used_as_declared(self, kind: Kind) -> None:
        """02:30 comes twice in that night: the first, the second, or both."""
        first, second = AUTUMN + timedelta(minutes=30), AUTUMN + timedelta(hours=1, minutes=30)
        assert self.starts(kind, AUTUMN, DstPolicy(repeated="first")) == [first]
        assert self.starts(kind, AUTUMN, DstPolicy(repeated="second")) == [second]
        assert self.starts(kind, AUTUMN, DstPolicy(repeated="both")) == [first, second]

    def starts(self, kind: Kind, night: datetime, dst: DstPolicy) -> list[datetime]:
        """Give when a schedule for 02:30 in Berlin starts in a night."""
        declared = rounds(kind, expression="30 2 * * *", timezone="Europe/Berlin", dst=dst)
        stage = self.stage(declared, start=night - timedelta(hours=6))
        stage.system.run_until(night + timedelta(hours=6))
        assert [run.slot for run in stage.system.runs(declared.schedule)] == [entry.at for entry in stage.logbook.of()]
        return [entry.at for entry in stage.logbook.of()]

    def test_work_is_told_its_slot_in_the_schedule_s_zone(self, kind: Kind) -> None:
        """A payload is made from the scheduled time, in local time, however late the start is."""
        declared = rounds(kind, expression="0 9 * * *", timezone="Asia/Tokyo", max_lateness=HOUR)
        stage = self.stage(declared, start=datetime(2026, 3, 1, 23, tzinfo=UTC))
        stage.system.stop_scheduler()
        stage.system.advance(HOUR + 20 * MINUTE)
        stage.system.start_scheduler()
        stage.system.advance(MINUTE)

        assert [(entry.name, entry.at) for entry in stage.logbook.of()] == [
            ("09:00", datetime(2026, 3, 2, 0, 20, tzinfo=UTC))
        ]

    @pytest.mark.parametrize("kind", ["queue", "command"])
    def test_a_parameter_is_made_from_the_slot_or_fixed(self, kind: Kind) -> None:
        """The parameter of the work is a value, or a function of the slot like the payload."""
        told = []
        for parameter in (lambda slot: task(f"{slot:%S}"), task("fixed")):
            stage = self.stage(parametrised_rounds(kind, parameter))
            stage.system.advance(MINUTE)
            told.append(stage.logbook.notes)

        assert told == [[("12:01", "00")], [("12:01", "fixed")]]

    @pytest.mark.parametrize("seconds", [30, 90], ids=["half a minute", "a minute and a half"])
    def test_an_interval_counts_elapsed_time_from_its_anchor(self, kind: Kind, seconds: int) -> None:
        """Slots keep their distance whatever the clock on the wall does, and a restart does not move them."""
        every = timedelta(seconds=seconds)
        declared = rounds(kind, expression=Interval(every, start=START + 10 * SECOND))
        stage = self.stage(declared, start=START)
        stage.system.advance(2 * MINUTE)
        stage.system.restart()
        stage.system.advance(4 * MINUTE)

        expected = [START + 10 * SECOND + number * every for number in range(1_000)]
        assert [entry.at for entry in stage.logbook.of()] == [at for at in expected if at <= START + 6 * MINUTE]

    def test_a_one_shot_starts_once(self, kind: Kind) -> None:
        """It has one slot, and no restart and no knock gives it another."""
        declared = rounds(kind, expression=OneShot(START + HOUR))
        stage = self.stage(declared, start=START)
        stage.system.advance(2 * HOUR)
        stage.system.restart()
        stage.system.knock(declared.schedule)
        stage.system.knock(declared.schedule, START + HOUR)
        stage.system.advance(DAY)

        assert [entry.at for entry in stage.logbook.of()] == [START + HOUR]

    def test_jitter_delays_each_slot_within_its_window(self, kind: Kind) -> None:
        """Starts are spread over the window after each slot, not all alike, and the slot stays the run's name."""
        declared = rounds(kind, expression="0 * * * *", jitter=10 * MINUTE)
        stage = self.stage(declared, start=START + SECOND)
        stage.system.run_until(START + 10 * HOUR + 30 * MINUTE)

        delays = [entry.at - START - number * HOUR for number, entry in enumerate(stage.logbook.of(), start=1)]
        assert stage.logbook.names() == [f"{hour}:00" for hour in range(13, 23)]
        assert all(timedelta(0) <= delay < 10 * MINUTE for delay in delays)
        assert len(set(delays)) > 5

    def test_a_disabled_schedule_starts_nothing(self, kind: Kind) -> None:
        """Neither at its slots nor when somebody knocks."""
        declared = rounds(kind, enabled=False)
        stage = self.stage(declared, start=START)
        stage.system.advance(5 * MINUTE)
        stage.system.knock(declared.schedule, START + 5 * MINUTE)
        stage.system.advance(5 * MINUTE)

        assert stage.logbook.names() == []

    def test_a_key_makes_one_job_of_several_slots(self) -> None:
        """An idempotency key taken from the payload holds across slots: the second enqueue finds the first job."""
        declared = rounds(
            "queue",
            idempotency="strict",
            idempotency_key="payload.name",
            payload=task("once a day"),
            expression="1-3 12 2 3 *",
        )
        stage = self.stage(declared, start=START)
        stage.system.advance(HOUR)

        assert stage.logbook.names() == ["once a day"]

    @pytest.mark.parametrize("concurrency", ["allow", "forbid"])
    @pytest.mark.parametrize(("mode", "jobs"), [("advisory", 3), ("strict", 1)])
    def test_the_key_of_an_event_names_the_work_and_not_the_event(
        self, concurrency: ConcurrencyPolicy, mode: IdempotencyMode, jobs: int
    ) -> None:
        """Each slot is an event with an id of its own; only a strict binding makes one job of equal keys."""
        declared = bound_rounds(
            binding={"idempotency_mode": mode},
            idempotency_key="payload.name",
            payload=lambda _: task("once a day"),
            expression="1-3 12 2 3 *",
            concurrency_policy=concurrency,
        )
        stage = self.stage(declared, start=START)
        stage.system.advance(HOUR)

        assert len({message.id for message in stage.system.messages(DUE)}) == 3
        assert stage.logbook.names() == ["once a day"] * jobs
        assert [run.status for run in stage.system.runs(declared.schedule)] == ["closed"] * 3
