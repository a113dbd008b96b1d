"""Leases of tracked jobs: who may run, for how long, and whose result counts."""

from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from purista_serverless.builder.options import Backoff, Lifecycle, LongRunning
from purista_serverless.testing.contracts.queue.application import Jobs, jobs, watchful_jobs
from purista_serverless.testing.contracts.script import Ending, Report, Step, Task, task
from purista_serverless.testing.contracts.suite import HOUR, MINUTE, SECOND, START, Stage, Suite
from purista_serverless.testing.faults import Faults

# A lease of 2 minutes that is extended once, after the first of them: it ends 3 minutes after its start.
SHORT = Lifecycle(visibility=2 * MINUTE, heartbeat=MINUTE, max_extensions=1, max_attempts=3, backoff=Backoff(jitter=0))
LOST_AFTER = 20 * MINUTE
# A lease of ten minutes, as long as the shortest that any of the doubles gives, and never extended.
UNEXTENDED = Lifecycle(visibility=10 * MINUTE, max_extensions=0, max_attempts=3, backoff=Backoff(jitter=0))

ENDS = tuple(map(attrgetter, ("completed", "failed", "cancelled", "dead_lettered")))


class PacedSuite(Suite):
    """A suite whose runs take as long as their script says, for ``def`` and ``async def`` workers."""

    def paced(self, declared: Jobs, given: Task, **options: Any) -> Stage[Jobs]:
        """Deploy an application for one task."""
        return self.stage(declared, durations=declared.pace(given), **options)


class Shutdowns(PacedSuite):
    """A host that stops gives back what it holds."""

    def test_a_run_that_ends_within_the_grace_is_settled(self, is_async: bool, tracking: str) -> None:
        """Nobody is disturbed who is nearly done, and what waits is left to others."""
        given = task("a", Step(takes=20))
        stage = self.paced(jobs(is_async=is_async, tracking=tracking), given)
        queue = stage.declared.queue
        stage.client.enqueue(queue, given)
        stage.client.enqueue(queue, task("later"), delay=5 * SECOND)
        stage.system.advance(SECOND)
        stage.system.shutdown(grace=30 * SECOND)

        assert stage.logbook.names() == ["a"]
        assert [job.status for job in stage.system.jobs(queue)] == ["success", "queued"]

    def test_an_async_run_that_is_interrupted_is_no_attempt_and_starts_again_at_once(self) -> None:
        """It is cancelled after the grace; its successor need not wait for a lease or a backoff."""
        given = task("a", Step(takes=seconds(5 * MINUTE)))
        stage = self.stage(jobs(is_async=True, tracking="full"))
        stage.client.enqueue(stage.declared.queue, given)
        stage.system.advance(SECOND)
        stage.system.shutdown(grace=30 * SECOND)
        stage.system.restart()
        stage.system.drain()

        runs = stage.logbook.of("a")
        assert [(run.at - START, run.attempt) for run in runs] == [(0 * SECOND, 1), (31 * SECOND, 1)]
        assert [job.status for job in stage.system.jobs(stage.declared.queue)] == ["success"]

    def test_a_sync_run_that_is_interrupted_keeps_its_lease(self) -> None:
        """Nobody can tell whether it has stopped: the job runs again when the lease is over, as another attempt."""
        given = task("a", Step(takes=seconds(5 * MINUTE)), Step(takes=1))
        stage = self.paced(jobs(tracking="full", lifecycle=SHORT), given)
        stage.client.enqueue(stage.declared.queue, given)
        stage.system.advance(SECOND)
        stage.system.shutdown(grace=30 * SECOND)
        stage.system.restart()
        stage.system.drain()

        first, second = stage.logbook.of("a")
        assert second.at - first.at >= SHORT.visibility
        assert (first.attempt, second.attempt) == (1, 2)
        assert [job.status for job in stage.system.jobs(stage.declared.queue)] == ["success"]


class Leases(PacedSuite):
    """A tracked job belongs to one run at a time."""

    def test_the_fence_grows_with_every_lease(self, is_async: bool) -> None:
        """A handler that writes its fence beside its data can tell an old run from a new one."""
        stage = self.stage(jobs(is_async=is_async, tracking="full"))
        stage.client.enqueue(stage.declared.queue, task("a", Step(do="fail")))
        stage.system.drain()
        stage.system.redrive(stage.letter(stage.declared.queue))
        stage.system.drain()

        assert [run.fence for run in stage.logbook.of("a")] == [1, 2, 3, 4, 5, 6]

    def test_an_untracked_job_has_no_fence(self, is_async: bool) -> None:
        """Where no record is kept there is no number to trust, and none is made up."""
        stage = self.stage(jobs(is_async=is_async))
        stage.client.enqueue(stage.declared.queue, task("a"))
        stage.system.drain()

        assert [run.fence for run in stage.logbook.of("a")] == [None]

    def test_a_late_success_is_discarded_after_the_lease_is_lost(self, is_async: bool) -> None:
        """A run that outlasts its lease is followed by another one, and only the other one's result is told."""
        given = task("a", Step(takes=seconds(LOST_AFTER)), Step(takes=1))
        stage = self.paced(jobs(is_async=is_async, tracking="full", lifecycle=SHORT), given)
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, given)
        stage.system.advance(HOUR)

        runs = stage.logbook.of("a")
        assert [run.attempt for run in runs] == [1, 2]
        assert runs[1].at < START + LOST_AFTER
        assert {message.id for message in stage.system.messages(queue.completed)} == {f"{job_id}:success:0"}
        assert {told.result.runs for told in stage.system.events(queue.completed)} == {2}
        assert stage.job(job_id).status == "success"

    def test_a_late_success_does_not_end_a_job_that_runs_again(self, is_async: bool) -> None:
        """While the second run is still at work, the first one's result is not taken for the job's."""
        given = task("a", Step(takes=15 * 60), Step(takes=8 * 60))
        stage = self.paced(jobs(is_async=is_async, tracking="full", lifecycle=UNEXTENDED), given)
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, given)
        stage.system.run_until(START + 16 * MINUTE)
        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2]
        assert stage.job(job_id).status == "running"

        stage.system.drain()
        assert [(told.attempt, told.result.runs) for told in stage.system.events(queue.completed)] == [(2, 2)]

    def test_a_late_failure_is_discarded_after_the_lease_is_lost(self, is_async: bool) -> None:
        """The error of a run that lost its lease neither retries nor buries a job that has succeeded."""
        given = task("a", Step(do="reject", takes=seconds(LOST_AFTER)), Step(takes=1))
        stage = self.paced(jobs(is_async=is_async, tracking="full", lifecycle=SHORT), given)
        job_id = stage.client.enqueue(stage.declared.queue, given)
        stage.system.advance(HOUR)

        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2]
        assert stage.job(job_id).status == "success"
        assert stage.system.dead_letters(stage.declared.queue) == ()

    @pytest.mark.parametrize(
        ("first", "second", "status"),
        [("succeed", "reject", "dead-lettered"), ("reject", "succeed", "success"), ("cancel", "succeed", "success")],
    )
    def test_the_first_end_of_a_job_stands_where_only_ends_are_kept(
        self, is_async: bool, first: Ending, second: Ending, status: str
    ) -> None:
        """Without leases two runs may overlap; the later end is discarded, and never told."""
        given = task("a", Step(do=first, takes=15 * 60), Step(do=second))
        stage = self.paced(jobs(is_async=is_async, tracking="terminal", lifecycle=UNEXTENDED), given)
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, given)
        stage.system.drain()

        record = stage.client.status(queue, job_id)
        told = {"success": {"success"}, "dead-lettered": {"failed", "dead-lettered"}}[status]
        assert record is not None
        assert (len(stage.logbook.of("a")), record.status) == (2, status)
        assert {result.status for event in ENDS for result in stage.system.events(event(queue))} == told
        assert len(stage.system.dead_letters(queue)) == (1 if status == "dead-lettered" else 0)

    def test_a_second_copy_waits_for_the_first_and_is_no_attempt(self, is_async: bool) -> None:
        """A duplicate that meets a live lease is put off, finds the job done, and runs nothing."""
        given = task("a", Step(takes=60))
        stage = self.paced(jobs(is_async=is_async, tracking="full"), given, faults=Faults(1, duplicate=1.0))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, given)
        stage.system.drain()

        assert [run.attempt for run in stage.logbook.of("a")] == [1]
        assert {told.id for told in stage.system.messages(queue.completed)} == {f"{job_id}:success:0"}

    def test_a_run_longer_than_max_runtime_is_a_failure(self, is_async: bool) -> None:
        """Its success does not count; the next attempt starts after the backoff."""
        given = task("a", Step(takes=5 * 60), Step(takes=3 * 60))
        stage = self.paced(jobs(is_async=is_async, profile=LongRunning(max_runtime=4 * MINUTE)), given)
        queue = stage.declared.queue
        stage.client.enqueue(queue, given)
        stage.system.drain()

        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2]
        assert [told.result for told in stage.system.events(queue.completed)] == [Report(name="a", runs=2)]

    def test_runs_longer_than_max_runtime_end_in_a_dead_letter(self, is_async: bool) -> None:
        """A job that never ends in time is given up after its attempts, and the letter says why."""
        given = task("a", Step(takes=5 * 60))
        stage = self.paced(jobs(is_async=is_async, profile=LongRunning(max_runtime=4 * MINUTE)), given)
        stage.client.enqueue(stage.declared.queue, given)
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        overrun = "OverranRuntime: the handler ran longer than max_runtime (240 s)"
        assert (letter.attempts, letter.reason) == (3, f"{overrun} (attempt 3 of 3)")

    def test_a_crash_costs_an_attempt_and_nothing_else(self, is_async: bool) -> None:
        """When the process dies in a run, the job runs again after the lease, with the next number and fence."""
        given = task("a", Step(takes=30))
        stage = self.paced(jobs(is_async=is_async, tracking="full", lifecycle=SHORT), given)
        job_id = stage.client.enqueue(stage.declared.queue, given)
        stage.system.advance(10 * SECOND)
        stage.system.restart()
        stage.system.drain()

        assert [(run.attempt, run.fence) for run in stage.logbook.of("a")] == [(1, 1), (2, 2)]
        assert stage.job(job_id).status == "success"

    @pytest.mark.parametrize("attempts", [2, 3])
    def test_a_job_that_kills_every_process_becomes_a_dead_letter(self, is_async: bool, attempts: int) -> None:
        """Attempts that ended without an answer are spent too; the last one leaves a letter instead of a loop."""
        given = task("a", Step(takes=30))
        stage = self.paced(jobs(is_async=is_async, tracking="full", lifecycle=SHORT), given)
        job_id = stage.client.enqueue(stage.declared.queue, given, max_attempts=attempts)
        for number in range(1, attempts + 1):
            while len(stage.logbook.of("a")) < number:
                stage.system.advance(SECOND)
            stage.system.restart()
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert len(stage.logbook.of("a")) == attempts
        assert letter.attempts == attempts
        assert letter.reason == "no attempt is left: earlier runs ended without an answer"
        assert stage.job(job_id).status == "dead-lettered"


class Watchfulness(Suite):
    """What a running handler can learn about its own lease."""

    def test_a_run_that_lost_its_lease_is_told_to_stop_and_may_write_nothing(self) -> None:
        """It sees that it is cancelled, and its progress is refused."""
        stage = self.stage(watchful_jobs(tracking="full", lifecycle=SHORT))
        stage.client.enqueue(stage.declared.queue, task("a", Step(takes=seconds(LOST_AFTER)), Step(takes=1)))
        stage.system.advance(HOUR)

        assert stage.logbook.notes == [
            ("a", 1, "start", False, "written"),
            ("a", 2, "start", False, "written"),
            ("a", 2, "end", False, "written"),
            ("a", 1, "end", True, "LeaseLost"),
        ]

    def test_progress_can_be_read_while_the_job_runs(self) -> None:
        """Who enqueued a tracked job sees how far it is."""
        stage = self.stage(watchful_jobs(tracking="full"))
        job_id = stage.client.enqueue(stage.declared.queue, task("a", Step(takes=60)))
        stage.system.advance(30 * SECOND)
        during = stage.client.status(stage.declared.queue, job_id)
        stage.system.drain()
        after = stage.client.status(stage.declared.queue, job_id)

        assert during is not None
        assert (during.status, during.attempt, during.progress) == ("running", 1, {"at": "start"})
        assert after is not None
        assert (after.status, after.progress, after.result) == ("success", {"at": "end"}, {"name": "a", "runs": 1})


class LongRuns(PacedSuite):
    """Where a lease can be extended, ``LongRunning`` is really covered."""

    def test_a_long_run_keeps_its_lease_until_max_runtime(self, is_async: bool) -> None:
        """A job just below its maximum runs once, though its lease lasts five minutes only."""
        given = task("a", Step(takes=6 * 3600 - 1))
        stage = self.paced(jobs(is_async=is_async, profile=LongRunning(max_runtime=6 * HOUR)), given)
        job_id = stage.client.enqueue(stage.declared.queue, given)
        stage.system.drain()

        assert [run.attempt for run in stage.logbook.of("a")] == [1]
        assert stage.job(job_id).status == "success"
        assert stage.system.now - START >= 6 * HOUR - SECOND


class BoundedRuns(Suite):
    """Where a lease cannot be extended, a run that outlasts it is in vain, and harmless."""

    def test_a_run_longer_than_any_lease_never_counts(self) -> None:
        """Each of its runs is cut off from the job; after the attempts a dead letter is left, and no result."""
        stage = self.stage(jobs(is_async=True, profile=LongRunning(max_runtime=HOUR)))
        job_id = stage.client.enqueue(stage.declared.queue, task("a", Step(takes=50 * 60)))
        stage.system.advance(5 * HOUR)

        assert len(stage.logbook.of("a")) == 3
        assert stage.system.events(stage.declared.queue.completed) == ()
        assert stage.job(job_id).status == "dead-lettered"


def seconds(duration: timedelta) -> int:
    """Give a duration in whole seconds."""
    return round(duration.total_seconds())
