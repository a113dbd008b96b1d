"""How a job tells its end: result events, best effort or required."""

from purista_serverless.builder.options import ResultEvents
from purista_serverless.testing.contracts.faults import Unreachable
from purista_serverless.testing.contracts.queue.application import jobs, orders
from purista_serverless.testing.contracts.script import Report, Step, task
from purista_serverless.testing.contracts.suite import HOUR, MINUTE, Suite
from purista_serverless.testing.faults import CrashAt

REFUSED = Step(do="reject")
REQUIRED = ResultEvents(
    Report,
    completed="contract.jobs.completed",
    failed="contract.jobs.failed",
    cancelled="contract.jobs.cancelled",
    dead_lettered="contract.jobs.deadLettered",
    delivery="required",
)


class Results(Suite):
    """Result events, and what `required` adds."""

    def test_a_result_event_is_identified_by_job_status_and_generation(self, tracking: str) -> None:
        """Copies of one ending have one id; another ending of the same job has another."""
        stage = self.stage(jobs(tracking=tracking))
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", REFUSED, Step()))
        stage.system.drain()
        stage.system.redrive(stage.letter(queue))
        stage.system.drain()

        assert [told.id for told in stage.system.messages(queue.dead_lettered)] == [f"{job_id}:dead-lettered:0"]
        assert [told.id for told in stage.system.messages(queue.completed)] == [f"{job_id}:success:1"]

    def test_a_result_event_says_which_job_ended_and_how(self) -> None:
        """It names job, queue, status and attempt, carries the result, and comes from the queue's service."""
        stage = self.stage(jobs())
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a", Step(do="fail"), Step()))
        stage.system.drain()

        (told,) = stage.system.events(queue.completed)
        (message,) = stage.system.messages(queue.completed)
        assert (told.job_id, told.queue_name, told.status, told.attempt) == (job_id, queue.name, "success", 2)
        assert told.result == Report(name="a", runs=2)
        assert message.sender is not None
        assert (message.sender.service, message.sender.version, message.sender.target) == ("Contract", "1", queue.name)

    def test_a_tracked_job_is_known_from_its_enqueue_on(self) -> None:
        """Who enqueued a job sees that it waits, and that it ended; others see nothing, as of a job that never was."""
        stage = self.stage(jobs(tracking="full"))
        queue, theirs = stage.declared.queue, stage.client.on_behalf_of(tenant_id="theirs")
        job_id = stage.client.enqueue(queue, task("a"), delay=HOUR)
        stage.system.advance(MINUTE)
        waiting = stage.client.status(queue, job_id)
        stage.system.drain()
        ended = stage.client.status(queue, job_id)

        assert waiting is not None
        assert ended is not None
        assert (waiting.status, waiting.attempt, ended.status, ended.attempt) == ("queued", 0, "success", 1)
        assert theirs.status(queue, job_id) is None
        assert stage.client.status(queue, "never enqueued") is None

    def test_a_tracked_job_that_a_handler_enqueues_is_known_as_well(self) -> None:
        """Handlers note their jobs as clients do."""
        stage = self.stage(orders(idempotency="advisory", tracking="full"))
        job_id = stage.client.invoke(stage.declared.order, task("a"))
        record = stage.client.status(stage.declared.queue, job_id)

        assert record is not None
        assert record.status == "queued"

    def test_a_result_event_that_is_only_wanted_does_not_hold_a_job_up(self) -> None:
        """Best effort: when events cannot be reached, the job is settled all the same and runs once."""
        stage = self.stage(jobs(), faults=Unreachable("events.publish", times=1))
        job_id = stage.client.enqueue(stage.declared.queue, task("a"))
        stage.system.drain()

        assert stage.logbook.names() == ["a"]
        assert stage.job(job_id).status == "success"
        assert stage.system.events(stage.declared.queue.completed) == ()

    def test_a_required_result_is_told_before_its_job_is_settled(self) -> None:
        """While events cannot be reached the job stays; its stored result is told later, without another run."""
        stage = self.stage(jobs(result=REQUIRED), faults=Unreachable("events.publish", times=12))
        job_id = stage.client.enqueue(stage.declared.queue, task("a"))
        stage.system.drain()

        (told,) = stage.system.events(stage.declared.queue.completed)
        assert (told.job_id, told.attempt) == (job_id, 1)
        assert [(run.name, run.attempt) for run in stage.logbook.of()] == [("a", 1)]
        assert stage.job(job_id).status == "success"
        assert stage.system.dead_letters(stage.declared.queue) == ()

    def test_a_required_result_survives_a_crash_at_every_point(self) -> None:
        """Wherever the process dies, the job ends once and its result is told, all copies with one id."""
        deaths = 0
        while self._dies_and_tells(CrashAt(deaths + 1)):
            deaths += 1

        # Before and after each of: read and write the lease, run, read and write the result, tell it, settle.
        assert deaths >= 10

    def _dies_and_tells(self, faults: CrashAt) -> bool:
        stage = self.stage(jobs(result=REQUIRED), faults=faults)
        queue = stage.declared.queue
        job_id = stage.client.enqueue(queue, task("a"))
        stage.system.drain()

        told = stage.system.messages(queue.completed)
        assert stage.job(job_id).status == "success", faults.fired
        assert {message.id for message in told} == {f"{job_id}:success:0"}, faults.fired
        assert len({result.result.runs for result in stage.system.events(queue.completed)}) == 1, faults.fired
        return faults.fired is not None
