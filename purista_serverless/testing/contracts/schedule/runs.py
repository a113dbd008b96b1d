"""Runs: what keeps them open, what closes them, and what becomes of those that are replaced or take too long."""

from datetime import datetime
from typing import Any

import pytest

from purista_serverless.builder.options import Backoff, Lifecycle
from purista_serverless.message import Job
from purista_serverless.runtime.ids import derived_job_id
from purista_serverless.testing.contracts.schedule.application import (
    DUE,
    QUEUE,
    Kind,
    Rounds,
    bound_rounds,
    fanned_rounds,
    rounds,
)
from purista_serverless.testing.contracts.schedule.suite import ScheduleSuite, slots_of
from purista_serverless.testing.contracts.script import Step, Task, task
from purista_serverless.testing.contracts.suite import HOUR, MINUTE, SECOND, START

HALF = 30 * SECOND
NOON = "1-3 12 2 3 *"


def fragile(slot: datetime) -> Task:
    """Give the payload of a slot, but not of one: it fails in the test's year, not when the declaration is checked."""
    if (slot.year, slot.minute) == (START.year, 1):
        raise LookupError("no payload for 12:01")
    return task(f"{slot:%H:%M}")


class Overlap(ScheduleSuite):
    """A run is open until all that it started has ended."""

    def test_a_run_is_open_as_long_as_its_work_outlasts_slots(self, kind: Kind) -> None:
        """Under `forbid`, work of 90 seconds skips the next slot and not the one after it."""
        steps = {"12:01": (Step(takes=90),)}
        stage = self.stage(rounds(kind, steps=steps, expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "skipped", "12:03": "closed"}
        assert stage.logbook.names() == ["12:01", "12:03"]

    def test_a_run_is_open_while_its_work_is_tried_again(self, kind: Kind) -> None:
        """Between two attempts nothing runs, yet the run is not over."""
        steps = {"12:01": (Step(do="retry", delay=90), Step(takes=1))}
        stage = self.stage(rounds(kind, steps=steps, expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "skipped", "12:03": "closed"}
        assert stage.logbook.names() == ["12:01", "12:01", "12:03"]

    @pytest.mark.parametrize("ending", ["reject", "cancel"])
    def test_work_that_ends_badly_closes_its_run_too(self, kind: Kind, ending: str) -> None:
        """A dead letter or a cancellation is an end: the next slot starts."""
        steps = {"12:01": (Step.model_validate({"do": ending}),)}
        stage = self.stage(rounds(kind, steps=steps, expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.advance(HOUR)

        assert set(slots_of(stage).values()) == {"closed"}
        assert stage.logbook.names() == ["12:01", "12:02", "12:03"]
        assert len(stage.system.dead_letters(stage.declared.edge)) == (1 if ending == "reject" else 0)

    def test_a_redrive_does_not_open_a_run_again(self, kind: Kind) -> None:
        """What an operator sends back runs beside the schedule, and holds nothing up."""
        steps = {"12:01": (Step(do="reject"), Step(takes=150))}
        stage = self.stage(rounds(kind, steps=steps, expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.run_until(START + MINUTE + HALF)
        stage.system.redrive(stage.letter(stage.declared.edge))
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert stage.logbook.names() == ["12:01", "12:01", "12:02", "12:03"]
        assert stage.system.dead_letters(stage.declared.edge) == ()

    def test_an_event_that_nobody_binds_is_a_run_that_is_over_at_once(self) -> None:
        """There is nothing to wait for."""
        stage = self.stage(fanned_rounds((), expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert len(stage.system.messages(DUE)) == 3

    def test_a_run_waits_for_every_binding_of_its_event(self) -> None:
        """With two queues bound, the run ends with the slower of the two jobs."""
        declared = fanned_rounds((5, 90), expression=NOON, concurrency_policy="forbid")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "skipped", "12:03": "closed"}
        assert sorted(stage.logbook.names()) == ["12:01", "12:01", "12:03", "12:03"]

    def test_a_binding_that_does_not_accept_the_event_does_not_hold_its_run(self) -> None:
        """A filtered event is no work."""
        declared = bound_rounds(binding={"accepts": lambda _: False}, expression=NOON, concurrency_policy="forbid")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert stage.logbook.names() == []

    def test_a_binding_that_fails_for_good_does_not_hold_its_run(self) -> None:
        """An event that cannot become a job is a dead letter of the binding, and its run is over."""
        declared = bound_rounds(binding={"map_payload": lambda _: None}, expression=NOON, concurrency_policy="forbid")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert len(stage.system.dead_letters(f"binding:{DUE}:{QUEUE}")) == 3

    def test_a_run_whose_job_exists_already_waits_for_that_job(self) -> None:
        """An enqueue that `strict` suppresses leaves the run open until the job of the same key has ended."""
        same = task("the only one", Step(takes=60))
        declared = bound_rounds(
            binding={"idempotency_mode": "strict", "idempotency_key": lambda message: message.payload["name"]},
            payload=same,
            expression="1-3 12 2 3 *",
            concurrency_policy="forbid",
        )
        (queue,) = declared.queues
        stage = self.stage(declared, start=START + HALF)
        job_id = stage.client.enqueue(queue, same, idempotency_key="the only one")
        stage.system.run_until(START + MINUTE + 10 * SECOND)
        (first,) = stage.system.runs(declared.schedule)
        stage.system.advance(HOUR)

        assert (first.status, first.tokens) == ("open", (f"job:{queue.name}/{job_id}",))
        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert stage.logbook.names() == ["the only one"]

    @pytest.mark.parametrize("step", [Step(), Step(do="reject")], ids=["done", "dead-lettered"])
    def test_a_run_whose_job_has_ended_before_it_is_over(self, step: Step) -> None:
        """A job that its own run meets as ended already, having run without it, holds nothing up."""
        declared = rounds("queue", steps={"12:01": (step,)}, expression=NOON, concurrency_policy="forbid")
        stage = self.stage(declared, start=START + HALF)
        body = self.job_at(declared, START + MINUTE, step)
        stage.system.inject(declared.edge, body)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "closed", "12:02": "closed", "12:03": "closed"}
        assert stage.logbook.names() == ["12:01", "12:02", "12:03"]

    def job_at(self, declared: Rounds, slot: datetime, step: Step) -> bytes:
        """Give the job that the schedule makes of a slot, without its run."""
        assert declared.queue is not None
        milliseconds = round(slot.timestamp() * 1000)
        job = Job(
            id=derived_job_id(declared.queue.name, f"{declared.schedule.full_name}@{milliseconds}"),
            queue=declared.queue.name,
            payload=task(f"{slot:%H:%M}", step).model_dump(mode="json"),
            created_at=milliseconds - 30_000,
        )
        return job.encode()

    def test_the_work_of_a_run_says_which_run_it_belongs_to(self, kind: Kind) -> None:
        """Messages carry schedule and slot, so that a log can be read by run."""
        stage = self.stage(rounds(kind, expression=NOON, concurrency_policy="forbid"), start=START + HALF)
        stage.system.run_until(START + 2 * MINUTE - SECOND)

        (entry,) = stage.logbook.of()
        slot = round((START + MINUTE).timestamp() * 1000)
        assert entry.message.run_id == f"Contract.1.rounds@{slot}"


class Failures(ScheduleSuite):
    """A run that cannot even be triggered."""

    def test_a_run_that_cannot_be_triggered_is_told_and_blocks_nobody(self, kind: Kind) -> None:
        """When the payload of one slot fails, that run is failed, with a dead letter; the next slot starts."""
        stage = self.stage(
            rounds(kind, payload=fragile, expression=NOON, concurrency_policy="forbid"), start=START + HALF
        )
        stage.system.advance(HOUR)

        letter = stage.letter("schedule:Contract.1.rounds")
        assert slots_of(stage) == {"12:01": "failed", "12:02": "closed", "12:03": "closed"}
        assert stage.logbook.names() == ["12:02", "12:03"]
        assert (letter.attempts, letter.reason) == (1, "LookupError: no payload for 12:01")

    def test_a_failed_trigger_can_be_redriven(self, kind: Kind) -> None:
        """After the payload was mended, an operator sends the slot's work."""
        options: dict[str, Any] = {"expression": "1 12 2 3 *", "concurrency_policy": "forbid"}
        stage = self.stage(rounds(kind, payload=fragile, **options), start=START + HALF)
        stage.system.advance(HOUR)
        letter = stage.letter("schedule:Contract.1.rounds")
        stage.system.replace_application(rounds(kind, **options).application)
        stage.system.redrive(letter)
        stage.system.drain()

        assert stage.logbook.names() == ["12:01"]
        assert stage.system.dead_letters("schedule:Contract.1.rounds") == ()


class Replacement(ScheduleSuite):
    """`replace` cancels cooperatively, and the fence proves it."""

    def test_a_replaced_run_is_asked_to_stop_and_its_result_is_discarded(self, kind: Kind) -> None:
        """The old handler sees the request; whatever it returns, only the new run's result is told."""
        steps = {"12:01": (Step(takes=90),)}
        declared = rounds(kind, steps=steps, expression="1-2 12 2 3 *", concurrency_policy="replace")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "superseded", "12:02": "closed"}
        assert stage.logbook.notes == [("12:02", 1, False), ("12:01", 1, True)]
        assert stage.system.dead_letters(declared.edge) == ()
        if declared.queue is not None:
            assert [told.result.name for told in stage.system.events(declared.queue.completed)] == ["12:02"]
            assert [job.status for job in stage.system.jobs(declared.queue)] == ["cancelled", "success"]

    @pytest.mark.parametrize("ending", ["fail", "reject", "retry"])
    def test_a_replaced_run_that_fails_is_not_tried_again(self, kind: Kind, ending: str) -> None:
        """The failure of work that nobody wants any more is neither retried nor buried."""
        steps = {"12:01": (Step.model_validate({"do": ending, "takes": 90}),)}
        declared = rounds(kind, steps=steps, expression="1-2 12 2 3 *", concurrency_policy="replace")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert stage.logbook.names() == ["12:01", "12:02"]
        assert stage.system.dead_letters(declared.edge) == ()

    def test_work_of_a_replaced_run_that_still_waits_never_runs(self, kind: Kind) -> None:
        """A job between two attempts is settled as cancelled when it comes, without its handler."""
        steps = {"12:01": (Step(do="retry", delay=90), Step())}
        declared = rounds(kind, steps=steps, expression="1-2 12 2 3 *", concurrency_policy="replace")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "superseded", "12:02": "closed"}
        assert stage.logbook.names() == ["12:01", "12:02"]
        if declared.queue is not None:
            assert [job.status for job in stage.system.jobs(declared.queue)] == ["cancelled", "success"]

    def test_each_slot_replaces_the_one_before(self, kind: Kind) -> None:
        """Work that never ends in time is replaced again and again; the last one is done."""
        steps = {name: (Step(takes=90),) for name in ("12:01", "12:02", "12:03")}
        declared = rounds(kind, steps=steps, expression=NOON, concurrency_policy="replace")
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "superseded", "12:02": "superseded", "12:03": "closed"}
        assert stage.logbook.notes == [("12:01", 1, True), ("12:02", 1, True), ("12:03", 1, False)]


class Abandonment(ScheduleSuite):
    """A run that is open for too long counts as finished, and that is told."""

    def test_a_run_older_than_its_timeout_is_abandoned_and_the_next_starts(self, kind: Kind) -> None:
        """Under `forbid`, work that hangs does not stop a schedule for good."""
        steps = {"12:01": (Step(do="retry", delay=3600), Step())}
        declared = rounds(
            kind,
            steps=steps,
            expression="1,11,21 12 2 3 *",
            concurrency_policy="forbid",
            run_timeout=15 * MINUTE,
        )
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR - MINUTE)

        assert slots_of(stage) == {"12:01": "abandoned", "12:11": "skipped", "12:21": "closed"}
        (abandoned, *_) = stage.system.runs(declared.schedule)
        assert abandoned.reason == "open for longer than 900 s"
        assert stage.logbook.names() == ["12:01", "12:21"]

    def test_an_event_of_an_abandoned_run_still_becomes_its_job(self) -> None:
        """A binding that was down for longer than the run's timeout does its work late, not never."""
        down = [True]

        def map_payload(event: Task) -> Task:
            if down:
                raise ConnectionError("not now")
            return event

        hourly = Lifecycle(backoff=Backoff(initial=HOUR, maximum=HOUR, jitter=0))
        declared = bound_rounds(
            binding={"map_payload": map_payload, "lifecycle": hourly},
            expression="1 12 2 3 *",
            concurrency_policy="forbid",
            run_timeout=15 * MINUTE,
        )
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(HOUR / 2)
        assert slots_of(stage) == {"12:01": "abandoned"}
        down.clear()
        stage.system.advance(HOUR)

        assert slots_of(stage) == {"12:01": "abandoned"}
        assert stage.logbook.names() == ["12:01"]
        assert [job.status for job in stage.system.jobs(declared.queues[0])] == ["success"]

    def test_a_run_is_abandoned_when_its_time_is_up_and_not_at_the_next_slot(self, kind: Kind) -> None:
        """A monthly round that hangs is reported after its timeout; what waits under `catchUp` goes on then."""
        steps = {"12:01": (Step(do="retry", delay=20 * 3600), Step())}
        declared = rounds(
            kind,
            steps=steps,
            expression="1-2 12 2 * *",
            concurrency_policy="forbid",
            missed_run_policy="catchUp",
            run_timeout=15 * MINUTE,
        )
        stage = self.stage(declared, start=START + HALF)
        stage.system.run_until(START + 17 * MINUTE)

        assert slots_of(stage) == {"12:01": "abandoned", "12:02": "closed"}
        (second,) = stage.logbook.of("12:02")
        # Right after the timeout of 12:01, as exactly as the provider wakes anybody.
        assert START + 16 * MINUTE < second.at <= START + 16 * MINUTE + SECOND

    def test_the_late_end_of_an_abandoned_run_changes_nothing(self, kind: Kind) -> None:
        """Its work may still be done, yet the run stays abandoned and nobody else's run is closed by it."""
        steps = {"12:01": (Step(do="retry", delay=3600), Step()), "13:00": (Step(takes=300),)}
        declared = rounds(
            kind,
            steps=steps,
            expression="0,1 12,13 2 3 *",
            concurrency_policy="forbid",
            run_timeout=15 * MINUTE,
        )
        stage = self.stage(declared, start=START + HALF)
        stage.system.advance(2 * HOUR)

        assert slots_of(stage) == {"12:01": "abandoned", "13:00": "closed", "13:01": "skipped"}
        assert stage.logbook.names() == ["12:01", "13:00", "12:01"]
