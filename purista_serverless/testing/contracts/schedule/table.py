"""The nine cells of the overlap and missed-run table, for all three kinds of target, with and without an open run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from purista_serverless.model import ConcurrencyPolicy, MissedRunPolicy
from purista_serverless.testing.contracts.schedule.application import KINDS, Kind, rounds
from purista_serverless.testing.contracts.script import Step
from purista_serverless.testing.contracts.suite import HOUR, MINUTE, SECOND, START, Suite

LONG = {"12:01": (Step(takes=300),)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What becomes of the slots of one cell.

    ``starts`` says which rounds ran, by slot, and when (minutes and seconds after 12:00); ``runs`` is the recorded
    status of each slot. 12:02 is never there: it is too late, or not among the newest.
    """

    starts: Mapping[str, str]
    runs: Mapping[str, str]


# 12:01 runs for five minutes. The scheduler is away from 12:01:20 until 12:04:30 and misses 12:02, 12:03 and 12:04.
# Slots at most 100 s late may start, and at most two are caught up.
WHILE_OPEN: Mapping[tuple[ConcurrencyPolicy, MissedRunPolicy], Cell] = {
    ("allow", "skip"): Cell(
        starts={"12:01": "01:00", "12:03": "04:30", "12:04": "04:30"},
        runs={"12:01": "closed", "12:03": "closed", "12:04": "closed"},
    ),
    ("allow", "runOnce"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "closed", "12:04": "closed"},
    ),
    ("allow", "catchUp"): Cell(
        starts={"12:01": "01:00", "12:03": "04:30", "12:04": "04:30"},
        runs={"12:01": "closed", "12:03": "closed", "12:04": "closed"},
    ),
    ("forbid", "skip"): Cell(
        starts={"12:01": "01:00"},
        runs={"12:01": "closed", "12:03": "skipped", "12:04": "skipped"},
    ),
    ("forbid", "runOnce"): Cell(
        starts={"12:01": "01:00"},
        runs={"12:01": "closed", "12:04": "skipped"},
    ),
    ("forbid", "catchUp"): Cell(
        starts={"12:01": "01:00", "12:03": "06:00", "12:04": "06:10"},
        runs={"12:01": "closed", "12:03": "closed", "12:04": "closed"},
    ),
    ("replace", "skip"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "superseded", "12:03": "superseded", "12:04": "closed"},
    ),
    ("replace", "runOnce"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "superseded", "12:04": "closed"},
    ),
    ("replace", "catchUp"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "superseded", "12:03": "superseded", "12:04": "closed"},
    ),
}
# The same outage after a round of ten seconds: no run is open when the scheduler comes back.
WHILE_CLOSED: Mapping[tuple[ConcurrencyPolicy, MissedRunPolicy], Cell] = {
    **WHILE_OPEN,
    ("forbid", "skip"): Cell(
        starts={"12:01": "01:00", "12:03": "04:30"},
        runs={"12:01": "closed", "12:03": "closed", "12:04": "skipped"},
    ),
    ("forbid", "runOnce"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "closed", "12:04": "closed"},
    ),
    ("forbid", "catchUp"): Cell(
        starts={"12:01": "01:00", "12:03": "04:30", "12:04": "04:40"},
        runs={"12:01": "closed", "12:03": "closed", "12:04": "closed"},
    ),
    ("replace", "skip"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "closed", "12:03": "superseded", "12:04": "closed"},
    ),
    ("replace", "runOnce"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "closed", "12:04": "closed"},
    ),
    ("replace", "catchUp"): Cell(
        starts={"12:01": "01:00", "12:04": "04:30"},
        runs={"12:01": "closed", "12:03": "superseded", "12:04": "closed"},
    ),
}
CASES = [
    pytest.param(concurrency, missed_runs, kind, steps, cell, id=f"{concurrency}-{missed_runs}-{kind}-{label}")
    for label, steps, cells in (("run open", LONG, WHILE_OPEN), ("no run open", {}, WHILE_CLOSED))
    for (concurrency, missed_runs), cell in cells.items()
    for kind in KINDS
]


class Table(Suite):
    """The table of policies, cell by cell."""

    @pytest.mark.parametrize(("concurrency", "missed_runs", "kind", "steps", "cell"), CASES)
    def test_slots_that_were_missed_are_treated_as_the_policies_say(
        self,
        concurrency: ConcurrencyPolicy,
        missed_runs: MissedRunPolicy,
        kind: Kind,
        steps: Mapping[str, tuple[Step, ...]],
        cell: Cell,
    ) -> None:
        """After an outage each slot starts, waits, is skipped or superseded, and is recorded as that."""
        declared = rounds(
            kind,
            steps=steps,
            expression="1-4 12 * * *",
            concurrency_policy=concurrency,
            missed_run_policy=missed_runs,
            max_lateness=100 * SECOND,
            max_catch_up_count=2,
        )
        stage = self.stage(declared, start=START + 30 * SECOND)
        stage.system.run_until(START + MINUTE + 20 * SECOND)
        stage.system.stop_scheduler()
        stage.system.run_until(START + 4 * MINUTE + 30 * SECOND)
        stage.system.start_scheduler()
        stage.system.run_until(START + HOUR)

        assert {entry.name: after_noon(entry.at - START) for entry in stage.logbook.of()} == cell.starts
        assert {f"{run.slot:%H:%M}": run.status for run in stage.system.runs(declared.schedule)} == cell.runs
        assert stage.logbook.names() == sorted(cell.starts), "each once, the oldest slot first"


def after_noon(elapsed: timedelta) -> str:
    """Show a time of the test as minutes and seconds."""
    minutes, seconds = divmod(round(elapsed.total_seconds()), 60)
    return f"{minutes:02}:{seconds:02}"
