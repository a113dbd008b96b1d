"""Idempotency: what a key promises on a strict queue, and that it only travels on an advisory one."""

from typing import Any

import pytest

from purista_serverless.errors import HandledError, InvocationFailed, Unavailable
from purista_serverless.testing.contracts.faults import Unreachable
from purista_serverless.testing.contracts.queue.application import jobs, orders
from purista_serverless.testing.contracts.script import Step, task
from purista_serverless.testing.contracts.suite import DAY, MINUTE, Suite
from purista_serverless.testing.faults import CrashAt, Faults

STRICT: dict[str, Any] = {"idempotency": "strict"}


class Idempotency(Suite):
    """One key, one job."""

    def test_the_same_key_and_payload_is_one_job(self) -> None:
        """A second enqueue gives the first one's id and sends nothing."""
        stage = self.stage(jobs(**STRICT))
        ids = {stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k") for _ in range(3)}
        stage.system.drain()

        assert len(ids) == 1
        assert stage.logbook.names() == ["a"]

    def test_a_key_stays_taken_after_its_job_has_succeeded(self) -> None:
        """An order that comes again a day later finds the work done."""
        stage = self.stage(jobs(**STRICT))
        first = stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k")
        stage.system.drain()
        stage.system.advance(DAY)
        second = stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k")
        stage.system.drain()

        assert first == second
        assert stage.logbook.names() == ["a"]

    def test_the_same_key_with_another_payload_is_refused(self) -> None:
        """409: somebody uses one name for two things; the first is not disturbed."""
        stage = self.stage(jobs(**STRICT))
        stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k")
        with pytest.raises(HandledError, match=r"'k' of contract\.jobs was used with another payload") as refused:
            stage.client.enqueue(stage.declared.queue, task("b"), idempotency_key="k")
        stage.system.drain()

        assert refused.value.status == 409
        assert stage.logbook.names() == ["a"]

    def test_keys_do_not_touch_each_other(self) -> None:
        """Another key is another job, even with the same payload; so is an enqueue without a key."""
        stage = self.stage(jobs(**STRICT))
        keys = ("k", "K", "k ", None, None)
        ids = {stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key=key) for key in keys}
        stage.system.drain()

        assert len(ids) == len(stage.logbook.of("a")) == 5

    def test_a_key_stays_taken_by_a_dead_letter_until_it_is_redriven(self) -> None:
        """A second enqueue does not revive what became a dead letter; a redrive opens it again, under the same id."""
        stage = self.stage(jobs(**STRICT))
        queue = stage.declared.queue
        given = task("a", Step(do="reject"), Step())
        job_id = stage.client.enqueue(queue, given, idempotency_key="k")
        stage.system.drain()

        assert stage.client.enqueue(queue, given, idempotency_key="k") == job_id
        stage.system.drain()
        assert stage.logbook.names() == ["a"]

        stage.system.redrive(stage.letter(queue))
        stage.system.drain()
        assert [run.message.id for run in stage.logbook.of("a")] == [job_id, job_id]
        assert stage.job(job_id).status == "success"

    def test_a_redriven_key_still_refuses_another_payload(self) -> None:
        """409 before the redrive, while the job waits again, and after it has succeeded."""
        stage = self.stage(jobs(**STRICT))
        queue = stage.declared.queue
        stage.client.enqueue(
            queue, task("a", Step(do="reject"), Step(do="retry", delay=60), Step()), idempotency_key="k"
        )
        stage.system.drain()
        stage.system.redrive(stage.letter(queue))
        for duration in (MINUTE / 2, DAY):
            stage.system.advance(duration)
            with pytest.raises(HandledError, match="another payload"):
                stage.client.enqueue(queue, task("b"), idempotency_key="k")

        assert stage.logbook.names() == ["a", "a", "a"]

    def test_a_second_enqueue_sends_nothing(self) -> None:
        """It does not even bring back the dead letter that somebody has purged."""
        stage = self.stage(jobs(**STRICT))
        queue = stage.declared.queue
        given = task("a", Step(do="reject"))
        stage.client.enqueue(queue, given, idempotency_key="k")
        stage.system.drain()
        stage.system.purge(queue)
        stage.client.enqueue(queue, given, idempotency_key="k")
        stage.system.drain()

        assert stage.system.dead_letters(queue) == ()
        assert len(stage.system.messages(queue.dead_lettered)) == 1

    def test_a_key_is_free_after_window_and_retention(self) -> None:
        """When neither the job nor its dead letter can come back any more, the key names new work."""
        stage = self.stage(jobs(**STRICT))
        stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k")
        stage.system.drain()
        stage.system.advance(DAY + 14 * DAY)
        stage.client.enqueue(stage.declared.queue, task("b"), idempotency_key="k")
        stage.system.drain()

        assert stage.logbook.names() == ["a", "b"]

    def test_a_job_with_a_key_runs_once_though_it_is_delivered_twice(self) -> None:
        """A strict key implies a record, which a duplicate meets."""
        stage = self.stage(jobs(**STRICT), faults=Faults(1, duplicate=1.0))
        stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k")
        stage.system.drain()

        assert stage.logbook.names() == ["a"]

    def test_an_advisory_key_travels_and_promises_nothing(self) -> None:
        """Both jobs run, each with an id of its own, and their handlers see the key."""
        stage = self.stage(jobs())
        ids = [stage.client.enqueue(stage.declared.queue, task("a"), idempotency_key="k") for _ in range(2)]
        stage.system.drain()

        runs = stage.logbook.of("a")
        assert sorted(run.message.id for run in runs) == sorted(ids)
        assert [run.job.idempotency_key for run in runs] == ["k", "k"]

    def test_an_enqueue_that_dies_at_any_point_is_repaired_by_the_next(self) -> None:
        """Claimed but not sent, or sent but not marked: the next enqueue gives the same job, which runs once."""
        deaths = 0
        while self._dies_and_is_repaired(CrashAt(deaths + 1)):
            deaths += 1

        # Before and after each of: claim, send, mark.
        assert deaths >= 6

    def _dies_and_is_repaired(self, faults: CrashAt) -> bool:
        stage = self.stage(orders(), faults=faults)
        died = False
        try:
            stage.client.invoke(stage.declared.order, task("a"))
        except Unavailable:
            died = True
        stage.system.advance(MINUTE)
        job_id = stage.client.invoke(stage.declared.order, task("a"))
        stage.system.drain()

        assert [run.message.id for run in stage.logbook.of("a")] == [job_id], faults.fired
        return died

    def test_two_enqueues_of_one_key_at_a_time_are_one_job(self) -> None:
        """While one enqueue has claimed a key and not yet sent, another one is told to come again."""
        stage = self.stage(orders(), faults=Unreachable("queues.send", times=1))
        with pytest.raises(InvocationFailed):
            stage.client.invoke(stage.declared.order, task("a"))
        with pytest.raises(HandledError) as busy:
            stage.client.invoke(stage.declared.order, task("a"))

        assert busy.value.status == 503
        assert stage.logbook.names() == []
