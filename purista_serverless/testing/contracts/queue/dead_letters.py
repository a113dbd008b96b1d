"""Dead letters: what they keep, and how they come back."""

import pytest

from purista_serverless.errors import InvalidPayload
from purista_serverless.message import Job
from purista_serverless.message.wire import plain_json
from purista_serverless.testing.contracts.queue.application import EDGE, jobs, loose_jobs
from purista_serverless.testing.contracts.script import SECRET, Step, pauses, task
from purista_serverless.testing.contracts.suite import DAY, HOUR, MINUTE, START, Suite

FAILING = Step(do="fail")
REFUSED = Step(do="reject", status=422)


class DeadLetters(Suite):
    """What becomes of jobs that cannot be done, tracked or not."""

    def test_a_letter_keeps_the_job_as_it_was_sent(self, tracking: str) -> None:
        """The body is the job's own: payload, key, headers, times."""
        stage = self.stage(jobs(tracking=tracking))
        given = task("Zürich 🧾", REFUSED)
        job_id = stage.client.enqueue(
            stage.declared.queue, given, idempotency_key="key", headers={"purpose": "contract"}
        )
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        job = Job.decode(letter.body)
        (run,) = stage.logbook.of(given.name)
        assert (letter.id, letter.edge, job.id, job.queue) == (job_id, EDGE, job_id, stage.declared.queue.name)
        assert plain_json(job.payload) == given.model_dump(mode="json")
        assert (job.idempotency_key, job.headers["purpose"]) == ("key", "contract")
        assert job.to_wire() == {**run.message.to_wire(), "attempt": 0}

    def test_a_letter_says_why_when_and_after_how_many_attempts(self, tracking: str) -> None:
        """Reason, time, count and generation are kept beside the body."""
        stage = self.stage(jobs(tracking=tracking))
        stage.client.enqueue(stage.declared.queue, task("a", FAILING))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert letter.reason == f"ScriptedFailure: {SECRET} (attempt 3 of 3)"
        assert (letter.attempts, letter.generation) == (3, 0)
        assert letter.at == round((START.timestamp() + 3) * 1000)

    def test_a_redriven_job_is_a_new_generation_with_all_its_attempts(self, tracking: str) -> None:
        """The job keeps its id, counts from one again, and the letter is gone."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", FAILING, FAILING, FAILING, FAILING, Step()))
        stage.system.drain()
        stage.system.redrive(stage.letter(queue))
        assert stage.system.dead_letters(queue) == ()
        stage.system.drain()

        again = stage.logbook.of("a")[3:]
        assert [(run.job.id, run.attempt, run.job.generation) for run in again] == [
            (job_id, 1, 1),
            (job_id, 2, 1),
        ]
        assert stage.job(job_id).status == "success"
        assert stage.system.dead_letters(queue) == ()

    def test_each_redrive_counts_a_generation(self, tracking: str) -> None:
        """A job that fails again leaves another letter, with the next generation and its own count."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", FAILING))
        letters = []
        for _ in range(3):
            stage.system.drain()
            letter = stage.letter(queue)
            letters.append((letter.key, letter.generation, letter.attempts))
            stage.system.redrive(letter)

        assert letters == [(f"{job_id}:0", 0, 3), (f"{job_id}:1", 1, 3), (f"{job_id}:2", 2, 3)]

    def test_a_redriven_job_has_a_new_time(self, tracking: str) -> None:
        """What waited among the dead letters for long is not old when it comes back."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        stage.client.enqueue(queue, task("a", REFUSED))
        stage.system.run_until(START + 3 * DAY)
        stage.system.redrive(stage.letter(queue))
        stage.system.drain()

        job = stage.logbook.of("a")[1].job
        assert job.created_at == job.scheduled_at == round((START + 3 * DAY).timestamp() * 1000)

    def test_a_letter_that_no_longer_fits_names_the_field_and_stays(self, tracking: str) -> None:
        """Redriving checks the letter against today's type, before it is sent."""
        loose = loose_jobs()
        stage = self.stage(loose)
        stage.client.enqueue(loose.queue, {"name": "a", "steps": [{"do": "dance"}]})
        stage.system.replace_application(jobs(tracking=tracking).application)
        stage.system.drain()
        letter = stage.letter(loose.queue)
        with pytest.raises(InvalidPayload, match=r"payload of contract\.jobs is not valid: steps\.0\.do: "):
            stage.system.redrive(letter)
        stage.system.drain()

        assert [kept.key for kept in stage.system.dead_letters(loose.queue)] == [letter.key]
        assert stage.logbook.names() == []

    def test_purging_deletes_all_letters_and_says_how_many(self, tracking: str) -> None:
        """After a purge nothing is left to redrive, and the queue works on."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        for number in range(3):
            stage.client.enqueue(queue, task(f"job {number}", REFUSED))
        stage.system.drain()

        assert stage.system.purge(queue) == 3
        assert stage.system.dead_letters(queue) == ()
        assert stage.system.purge(queue) == 0
        stage.client.enqueue(queue, task("next"))
        stage.system.drain()
        assert stage.logbook.names()[-1] == "next"

    def test_the_failure_is_told_before_the_letter_is_there(self, tracking: str) -> None:
        """The event that tells of the dead letter is out first, and both carry job and generation."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", REFUSED))
        stage.system.drain()

        letter = stage.letter(queue)
        (told,) = stage.system.messages(queue.dead_lettered)
        (result,) = stage.system.events(queue.dead_lettered)
        assert told.id == f"{job_id}:dead-lettered:0"
        assert letter.key == f"{job_id}:0"
        assert told.timestamp <= letter.at
        assert (result.job_id, result.status, result.reason) == (job_id, "dead-lettered", letter.reason)

    @pytest.mark.parametrize("attempts", [0, -1])
    def test_a_job_that_may_never_run_is_a_letter_at_once(self, tracking: str, attempts: int) -> None:
        """Another system's job without a single attempt is kept and told of, instead of coming again for ever."""
        stage = self.stage(jobs(tracking=tracking))
        body = Job(id="j", queue=stage.declared.queue.name, payload={}, created_at=0, max_attempts=attempts).encode()
        stage.system.inject(EDGE, body)
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert (letter.reason, letter.body) == (
            f"not a queue message: maxAttempts must be 1 or more, not {attempts}",
            body,
        )
        assert stage.logbook.names() == []


class RedrivesOfTrackedJobs(Suite):
    """What only a record can promise about dead letters."""

    def test_a_letter_that_is_redriven_twice_runs_once(self) -> None:
        """Two operators with the same letter in their hands do not double the work."""
        stage = self.stage(jobs(tracking="full"))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", REFUSED, Step()))
        stage.system.drain()
        letter = stage.letter(queue)
        stage.system.redrive(letter)
        stage.system.redrive(letter)
        stage.system.drain()

        assert len(stage.logbook.of("a")) == 2
        assert stage.job(job_id).status == "success"
        assert {message.id for message in stage.system.messages(queue.completed)} == {f"{job_id}:success:1"}

    def test_a_copy_from_before_a_redrive_does_not_run(self) -> None:
        """A late duplicate finds the new generation in the record, waiting or done, and is settled."""
        stage = self.stage(jobs(tracking="full"))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", REFUSED, Step(do="retry", delay=600), Step()))
        stage.system.drain()
        letter = stage.letter(queue)
        stage.system.redrive(letter)
        for _ in range(2):
            stage.system.advance(MINUTE)
            stage.system.inject(EDGE, letter.body)
            stage.system.advance(HOUR / 4)

        runs = stage.logbook.of("a")
        assert [(run.attempt, run.job.generation) for run in runs] == [(1, 0), (1, 1), (2, 1)]
        assert pauses(runs[1:]) == [10 * MINUTE]
        assert stage.job(job_id).status == "success"
