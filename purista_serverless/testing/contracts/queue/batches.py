"""Jobs side by side: batches, and the order of those that share a key."""

from purista_serverless.testing.contracts.queue.application import jobs, loose_jobs
from purista_serverless.testing.contracts.script import Step, pauses, task
from purista_serverless.testing.contracts.suite import MINUTE, SECOND, START, Suite

FAILING = Step(do="fail")


class Batches(Suite):
    """One delivery may bring several jobs; each goes its own way."""

    def test_one_failing_job_never_fails_its_batch(self) -> None:
        """Nine of ten succeed in one run each, and the tenth alone is tried again."""
        stage = self.stage(jobs(batch_size=10))
        for number in range(10):
            steps = (FAILING, Step()) if number == 4 else ()
            stage.client.enqueue(stage.declared.queue, task(f"job {number}", *steps))
        stage.system.drain()

        runs = {f"job {number}": len(stage.logbook.of(f"job {number}")) for number in range(10)}
        assert runs == {f"job {number}": 2 if number == 4 else 1 for number in range(10)}
        assert pauses(stage.logbook.of("job 4")) == [1 * SECOND]

    def test_each_job_of_a_batch_has_an_outcome_of_its_own(self) -> None:
        """Success, refusal, retry, failure and cancellation in one batch end like jobs that came alone."""
        stage = self.stage(jobs(batch_size=10))
        queue = stage.declared.queue
        steps = {
            "good": (Step(),),
            "refused": (Step(do="reject"),),
            "later": (Step(do="retry", delay=60), Step()),
            "broken": (FAILING,),
            "unwanted": (Step(do="cancel"),),
        }
        ids = {name: stage.client.enqueue(queue, task(name, *script)) for name, script in steps.items()}
        stage.system.drain()

        assert {name: stage.job(ids[name]).status for name in steps} == {
            "good": "success",
            "refused": "dead-lettered",
            "later": "success",
            "broken": "dead-lettered",
            "unwanted": "cancelled",
        }
        assert pauses(stage.logbook.of("later")) == [MINUTE]
        assert {letter.id for letter in stage.system.dead_letters(queue)} == {ids["refused"], ids["broken"]}

    def test_input_that_does_not_decode_harms_nobody_else_in_its_batch(self) -> None:
        """A job of another shape is a dead letter; those beside it run."""
        loose = loose_jobs()
        stage = self.stage(loose)
        stage.client.enqueue(loose.queue, {"name": "first"})
        stage.client.enqueue(loose.queue, {"title": "no name"})
        stage.client.enqueue(loose.queue, {"name": "last"})
        stage.system.replace_application(jobs(batch_size=10).application)
        stage.system.drain()

        assert sorted(stage.logbook.names()) == ["first", "last"]
        letter = stage.letter(loose.queue)
        assert letter.reason == "payload of contract.jobs is not valid: name: Field required"


class Ordering(Suite):
    """Jobs that share an ordering key run one after the other, in the order in which they were enqueued."""

    def test_jobs_of_one_key_run_in_order_and_one_at_a_time(self) -> None:
        """The next starts when the one before has ended, though nothing else is in its way."""
        stage = self.stage(jobs(is_async=True, ordering_key="payload.group"))
        for number in range(4):
            stage.client.enqueue(stage.declared.queue, task(f"job {number}", Step(takes=30), group="k"))
        stage.system.drain()

        assert [(run.name, run.at - START) for run in stage.logbook.of()] == [
            (f"job {number}", number * 30 * SECOND) for number in range(4)
        ]

    def test_keys_do_not_wait_for_each_other(self) -> None:
        """Each key has an order of its own; two of them run side by side."""
        stage = self.stage(jobs(is_async=True, ordering_key="payload.group"))
        for name, group in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")):
            stage.client.enqueue(stage.declared.queue, task(name, Step(takes=30), group=group))
        stage.system.drain()

        starts = {run.name: run.at - START for run in stage.logbook.of()}
        assert starts == {"a1": 0 * SECOND, "b1": 0 * SECOND, "a2": 30 * SECOND, "b2": 30 * SECOND}

    def test_a_failing_head_blocks_its_key_and_no_other(self) -> None:
        """While the first of a key backs off, the second of that key waits, and other keys go on."""
        stage = self.stage(jobs(is_async=True, ordering_key="payload.group"))
        stage.client.enqueue(stage.declared.queue, task("a1", FAILING, FAILING, Step(), group="a"))
        stage.client.enqueue(stage.declared.queue, task("a2", group="a"))
        stage.client.enqueue(stage.declared.queue, task("b1", group="b"))
        stage.system.drain()

        names = stage.logbook.names()
        assert [name for name in names if name.startswith("a")] == ["a1", "a1", "a1", "a2"]
        assert [run.at for run in stage.logbook.of("b1")] == [START]

    def test_a_dead_letter_frees_its_key(self) -> None:
        """A head that will never succeed does not block its key for good."""
        stage = self.stage(jobs(is_async=True, ordering_key="payload.group"))
        stage.client.enqueue(stage.declared.queue, task("a1", Step(do="reject"), group="a"))
        stage.client.enqueue(stage.declared.queue, task("a2", group="a"))
        stage.system.drain()

        assert stage.logbook.names() == ["a1", "a2"]
        assert len(stage.system.dead_letters(stage.declared.queue)) == 1


class Priorities(Suite):
    """Where jobs have to wait, the more urgent go first."""

    def test_a_higher_priority_goes_first(self) -> None:
        """Of the jobs that wait for the only worker, the highest priority is next, and equals keep their order."""
        stage = self.stage(jobs(is_async=True, priorities=3, concurrency=1))
        stage.client.enqueue(stage.declared.queue, task("running", Step(takes=60)))
        stage.system.advance(SECOND)
        for name, priority in (("low", 0), ("high", 2), ("middle", 1), ("high too", 2)):
            stage.client.enqueue(stage.declared.queue, task(name, Step(takes=1)), priority=priority)
        stage.system.drain()

        assert stage.logbook.names() == ["running", "high", "high too", "middle", "low"]
