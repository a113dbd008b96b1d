"""How often a job is tried and when: attempts, backoff, the retry window, delays."""

from datetime import timedelta

import pytest

from purista_serverless.builder.options import Backoff, Lifecycle
from purista_serverless.testing.contracts.queue.application import EDGE as QUEUE_EDGE
from purista_serverless.testing.contracts.queue.application import QUEUE, jobs
from purista_serverless.testing.contracts.script import Step, pauses, task
from purista_serverless.testing.contracts.suite import DAY, HOUR, MINUTE, SECOND, START, Suite
from purista_serverless.testing.faults import Faults

FAILING = Step(do="fail")
EACH_MINUTE = Backoff(initial=MINUTE, maximum=MINUTE, multiplier=1, jitter=0)
POISONED = Lifecycle(poison_threshold=2, backoff=Backoff(jitter=0))


class Attempts(Suite):
    """The attempts rule, and the arithmetic of trying again."""

    def test_attempts_are_counted_from_one(self) -> None:
        """A handler is told the number of its run."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2, 3]

    def test_a_tracked_job_runs_exactly_as_often_as_declared_though_receive_counts_lie(self) -> None:
        """An attempt is a started run: deliveries that a broker counts without making them are none."""
        stage = self.stage(jobs(tracking="full"), faults=Faults(1, phantom=1.0))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2, 3]
        assert letter.attempts == 3

    def test_an_untracked_job_is_never_tried_more_often_than_declared_though_receive_counts_lie(self) -> None:
        """Where only the broker counts, a phantom delivery may cost an attempt but never gives one away."""
        stage = self.stage(jobs(), faults=Faults(1, phantom=1.0))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        assert 1 <= len(stage.logbook.of("a")) <= 3
        assert len(stage.system.dead_letters(stage.declared.queue)) == 1

    def test_an_enqueue_may_ask_for_fewer_attempts(self, tracking: str) -> None:
        """The job's own number counts where it is lower than the queue's."""
        stage = self.stage(jobs(tracking=tracking))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING), max_attempts=2)
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert len(stage.logbook.of("a")) == letter.attempts == 2

    def test_the_backoff_grows_up_to_its_maximum(self) -> None:
        """Each pause is the one before times the multiplier, until the maximum is reached."""
        backoff = Backoff(initial=10 * SECOND, maximum=60 * SECOND, multiplier=2, jitter=0)
        stage = self.stage(jobs(lifecycle=Lifecycle(max_attempts=6, backoff=backoff)))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        assert pauses(stage.logbook.of("a")) == [seconds * SECOND for seconds in (10, 20, 40, 60, 60)]

    def test_the_jitter_spreads_pauses_around_the_backoff(self) -> None:
        """Jobs that fail together do not come back together: a quarter up or down, and not always the same."""
        backoff = Backoff(initial=100 * SECOND, jitter=0.25)
        stage = self.stage(jobs(lifecycle=Lifecycle(max_attempts=2, backoff=backoff)))
        for number in range(20):
            stage.client.enqueue(stage.declared.queue, task(f"job {number}", FAILING))
        stage.system.drain()

        spread = [pause for number in range(20) for pause in pauses(stage.logbook.of(f"job {number}"))]
        assert len(spread) == 20
        assert 75 * SECOND <= min(spread) < 95 * SECOND
        assert 105 * SECOND < max(spread) <= 125 * SECOND

    def test_a_job_is_tried_until_its_window_is_over(self) -> None:
        """However many attempts are left, none starts after the window; the letter says so."""
        stage = self.stage(jobs(lifecycle=Lifecycle(max_attempts=1_000, window=10 * MINUTE, backoff=EACH_MINUTE)))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        runs = stage.logbook.of("a")
        assert [run.at - START for run in runs] == [minute * MINUTE for minute in range(11)]
        assert letter.attempts == 11
        assert letter.reason.endswith("(the retry window of 600 s is over)")

    def test_the_window_counts_from_the_time_that_a_job_is_scheduled_for(self) -> None:
        """A job that waits longer than its window still has all of it."""
        stage = self.stage(jobs(lifecycle=Lifecycle(max_attempts=1_000, window=10 * MINUTE, backoff=EACH_MINUTE)))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING), delay=HOUR)
        stage.system.drain()

        assert [run.at - START for run in stage.logbook.of("a")] == [HOUR + minute * MINUTE for minute in range(11)]

    def test_the_window_counts_anew_from_a_redrive(self) -> None:
        """A letter that is sent back after a day is tried as long as a new job."""
        stage = self.stage(jobs(lifecycle=Lifecycle(max_attempts=1_000, window=10 * MINUTE, backoff=EACH_MINUTE)))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()
        stage.system.run_until(START + DAY)
        letter = stage.letter(stage.declared.queue)
        stage.system.redrive(letter)
        stage.system.drain()

        again = stage.logbook.of("a")[11:]
        assert [run.at - START for run in again] == [DAY + minute * MINUTE for minute in range(11)]

    def test_a_job_that_does_not_say_when_it_was_created_has_all_of_its_attempts(self, tracking: str) -> None:
        """Nobody knows when its window began, so that only the attempts bound it."""
        stage = self.stage(jobs(tracking=tracking))
        payload = task("a", FAILING).model_dump_json()
        stage.system.inject(QUEUE_EDGE, f'{{"id":"1","queueName":"{QUEUE}","payload":{payload}}}'.encode())
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert pauses(stage.logbook.of("a")) == [SECOND, 2 * SECOND]
        assert letter.reason.endswith("(attempt 3 of 3)")

    def test_a_job_that_keeps_failing_alike_is_given_up_as_poison(self) -> None:
        """As many equal failures in a row as the threshold says are enough, however many attempts are left."""
        stage = self.stage(jobs(lifecycle=POISONED))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert letter.attempts == 2
        assert letter.reason.startswith("poison message: ScriptedFailure")

    def test_a_job_that_asks_for_time_is_no_poison(self) -> None:
        """A handler that asks to be tried again later has not failed, however often it asks."""
        stage = self.stage(jobs(lifecycle=POISONED))
        stage.client.enqueue(stage.declared.queue, task("a", *[Step(do="retry", delay=60)] * 4, Step()))
        stage.system.drain()

        assert [run.attempt for run in stage.logbook.of("a")] == [1, 2, 3, 4, 5]
        assert stage.system.dead_letters(stage.declared.queue) == ()

    @pytest.mark.parametrize("delay", [SECOND, 15 * MINUTE, 16 * MINUTE, 5 * HOUR, 10 * DAY], ids=str)
    def test_a_delayed_job_starts_when_its_delay_is_over(self, delay: timedelta) -> None:
        """Neither early nor late, also where the provider cannot wait that long in one go; waiting is no attempt."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a"), delay=delay)
        stage.system.drain()

        assert [(run.at - START, run.attempt) for run in stage.logbook.of("a")] == [(delay, 1)]

    @pytest.mark.parametrize("ahead", [90 * SECOND, 3 * HOUR], ids=str)
    def test_a_scheduled_job_starts_at_its_time(self, ahead: timedelta) -> None:
        """A job can be told the instant instead of the delay."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a"), scheduled_at=START + ahead)
        stage.system.drain()

        assert [run.at for run in stage.logbook.of("a")] == [START + ahead]

    def test_a_job_scheduled_for_the_past_starts_at_once(self) -> None:
        """A late order is not refused."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a"), scheduled_at=START - DAY)
        stage.system.drain()

        assert [run.at for run in stage.logbook.of("a")] == [START]

    def test_a_retry_may_wait_longer_than_any_lease(self) -> None:
        """A handler may ask for a delay of hours; the wait is one attempt, however the provider bridges it."""
        stage = self.stage(jobs())
        stage.client.enqueue(stage.declared.queue, task("a", Step(do="retry", delay=5 * 3600), Step()))
        stage.system.drain()

        runs = stage.logbook.of("a")
        assert pauses(runs) == [5 * HOUR]
        assert [run.attempt for run in runs] == [1, 2]
