"""The queue column of the outcome table, row by row, for ``def`` and ``async def`` workers."""

import pytest

from purista_serverless.message.wire import plain_json
from purista_serverless.testing.contracts.queue.application import EDGE, jobs, loose_jobs
from purista_serverless.testing.contracts.script import SECRET, Report, Step, pauses, task
from purista_serverless.testing.contracts.suite import MINUTE, SECOND, Suite

FINAL_STATUSES = (400, 401, 403, 404, 409, 422, 499)
FAILING_STATUSES = (408, 425, 429, 500, 502, 503, 599)


class JobOutcomes(Suite):
    """What becomes of a job after each outcome of its handler."""

    def test_success_settles_the_job_and_tells_its_result(self, is_async: bool) -> None:
        """The handler runs once, its result is told, and nothing is left behind."""
        stage = self.stage(jobs(is_async=is_async))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a"))
        stage.system.drain()

        assert stage.logbook.names() == ["a"]
        assert stage.job(job_id).status == "success"
        assert [told.result for told in stage.system.events(queue.completed)] == [Report(name="a", runs=1)]
        assert stage.system.dead_letters(queue) == ()

    @pytest.mark.parametrize("status", FINAL_STATUSES)
    def test_a_refusal_is_a_dead_letter_at_once(self, is_async: bool, status: int) -> None:
        """A status that time does not mend is not tried again; the letter says why."""
        stage = self.stage(jobs(is_async=is_async))
        job_id = stage.client.enqueue(stage.declared.queue, task("a", Step(do="reject", status=status)))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert stage.logbook.names() == ["a"]
        assert (letter.id, letter.attempts, letter.reason) == (job_id, 1, f"{status} refused by the script")
        assert stage.job(job_id).status == "dead-lettered"

    @pytest.mark.parametrize("status", FAILING_STATUSES)
    def test_a_refusal_that_time_may_mend_counts_as_a_failure(self, is_async: bool, status: int) -> None:
        """408, 425, 429 and 5xx are tried again with backoff until the attempts are spent."""
        stage = self.stage(jobs(is_async=is_async))
        stage.client.enqueue(stage.declared.queue, task("a", Step(do="reject", status=status)))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert pauses(stage.logbook.of("a")) == [1 * SECOND, 2 * SECOND]
        assert (letter.attempts, letter.reason) == (3, f"{status} refused by the script (attempt 3 of 3)")

    def test_input_that_does_not_fit_its_type_is_a_dead_letter_at_once(self, is_async: bool) -> None:
        """A job from before a deployment that changed its type does not reach the handler."""
        stage = self.stage(loose_jobs())
        stage.client.enqueue(stage.declared.queue, {"name": 7})
        stage.system.replace_application(jobs(is_async=is_async).application)
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert stage.logbook.names() == []
        assert letter.reason == "payload of contract.jobs is not valid: name: Input should be a valid string"

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"\xff\xfe", "not JSON: "),
            (b"", "not JSON: "),
            (b"[]", "not an envelope: "),
            (b'{"id": "1"}', "not a queue message: "),
            (b'{"id": "1", "queueName": "another"}', "a job of queue 'another' came on the edge of 'contract.jobs'"),
        ],
        ids=["binary", "empty", "an array", "no queue", "another queue"],
    )
    def test_input_that_does_not_decode_is_a_dead_letter_at_once(
        self, is_async: bool, body: bytes, reason: str
    ) -> None:
        """What is no job at all does not reach the handler, and is kept byte by byte."""
        stage = self.stage(jobs(is_async=is_async))
        stage.system.inject(EDGE, body)
        stage.system.drain()

        letter = stage.letter(EDGE)
        assert stage.logbook.names() == []
        assert letter.body == body
        assert letter.reason.startswith(reason)

    def test_a_retry_comes_again_after_the_delay_it_asks_for(self, is_async: bool) -> None:
        """The delay is the handler's, not the backoff's, and the run counts as an attempt."""
        stage = self.stage(jobs(is_async=is_async))
        job_id = stage.client.enqueue(stage.declared.queue, task("a", Step(do="retry", delay=90), Step()))
        stage.system.drain()

        runs = stage.logbook.of("a")
        assert pauses(runs) == [90 * SECOND]
        assert [run.attempt for run in runs] == [1, 2]
        assert stage.job(job_id).status == "success"

    def test_a_retry_without_a_delay_backs_off(self, is_async: bool) -> None:
        """A handler that only asks for another try leaves the delay to the queue."""
        stage = self.stage(jobs(is_async=is_async))
        stage.client.enqueue(stage.declared.queue, task("a", Step(do="retry"), Step(do="retry"), Step()))
        stage.system.drain()

        assert pauses(stage.logbook.of("a")) == [1 * SECOND, 2 * SECOND]
        assert stage.system.dead_letters(stage.declared.queue) == ()

    def test_retries_end_in_a_dead_letter_when_the_attempts_are_spent(self, is_async: bool) -> None:
        """A handler that never stops asking for another try is stopped by the queue."""
        stage = self.stage(jobs(is_async=is_async))
        stage.client.enqueue(stage.declared.queue, task("a", Step(do="retry", delay=60)))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert pauses(stage.logbook.of("a")) == [MINUTE, MINUTE]
        assert (letter.attempts, letter.reason) == (3, "not yet (attempt 3 of 3)")

    def test_a_failure_backs_off_until_it_is_mended(self, is_async: bool) -> None:
        """An error is tried again, and a later success settles the job as if nothing had happened."""
        stage = self.stage(jobs(is_async=is_async))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", Step(do="fail"), Step(do="fail"), Step()))
        stage.system.drain()

        assert pauses(stage.logbook.of("a")) == [1 * SECOND, 2 * SECOND]
        assert stage.job(job_id).status == "success"
        assert [(told.attempt, told.result) for told in stage.system.events(queue.completed)] == [
            (3, Report(name="a", runs=3))
        ]

    def test_failures_end_in_a_dead_letter_when_the_attempts_are_spent(self, is_async: bool) -> None:
        """After the last attempt the letter keeps the error and the count."""
        stage = self.stage(jobs(is_async=is_async))
        job_id = stage.client.enqueue(stage.declared.queue, task("a", Step(do="fail")))
        stage.system.drain()

        letter = stage.letter(stage.declared.queue)
        assert len(stage.logbook.of("a")) == 3
        assert (letter.attempts, letter.reason) == (3, f"ScriptedFailure: {SECRET} (attempt 3 of 3)")
        assert stage.job(job_id).status == "dead-lettered"

    def test_a_result_of_another_type_is_a_failure(self, is_async: bool) -> None:
        """What a worker returns is checked against its declaration, and a wrong result is not told to anybody."""
        stage = self.stage(jobs(is_async=is_async))
        queue = stage.declared.queue
        stage.client.enqueue(queue, task("a", Step(do="misreport")))
        stage.system.drain()

        letter = stage.letter(queue)
        assert letter.attempts == 3
        assert letter.reason.startswith("InvalidPayload: result of contract.jobs is not valid: ")
        assert stage.system.events(queue.completed) == ()

    def test_a_cancelled_job_is_settled_without_a_dead_letter(self, is_async: bool) -> None:
        """The handler runs once, the cancellation is told, and nothing is left behind."""
        stage = self.stage(jobs(is_async=is_async))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", Step(do="cancel")))
        stage.system.drain()

        (told,) = stage.system.events(queue.cancelled)
        assert stage.logbook.names() == ["a"]
        assert (told.job_id, told.status, told.reason) == (job_id, "cancelled", "not wanted any more")
        assert stage.job(job_id).status == "cancelled"
        assert stage.system.dead_letters(queue) == ()

    def test_what_a_handler_is_given_is_what_was_enqueued(self, is_async: bool) -> None:
        """Payload, key, headers and identity arrive unchanged, text beyond ASCII included."""
        stage = self.stage(jobs(is_async=is_async))
        given = task("Zürich · 北京 · 🧾")
        job_id = stage.client.enqueue(
            stage.declared.queue, given, idempotency_key="key · 1", headers={"purpose": "contract"}
        )
        stage.system.drain()

        (run,) = stage.logbook.of(given.name)
        assert run.job.id == job_id
        assert plain_json(run.job.payload) == given.model_dump(mode="json")
        assert run.job.idempotency_key == "key · 1"
        assert run.job.headers["purpose"] == "contract"
