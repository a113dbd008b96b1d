"""Whatever goes wrong, in whatever order: what the design promises still holds."""

import logging
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any, Literal

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from purista_serverless.errors import RetryLater
from purista_serverless.message.wire import plain_json
from purista_serverless.testing import Faults, Simulation
from purista_serverless.testing.embedded import EmbeddedSimulation
from purista_serverless.testing.simulation import Backend
from tests.simulation.workshop import (
    HOUR,
    LEASE,
    Ending,
    Task,
    application,
    brief,
    echoed,
    nightly,
    noted,
    ordered,
    pass_on_first,
    pass_on_too,
    plain,
    rounds,
    slow,
    strict,
    sweeping,
    sweeps,
    work_strictly,
)

BACKENDS: tuple[Backend | Literal["embedded"], ...] = ("ideal", "sqs-like", "push-like", "embedded")
TERMINAL = {"success", "dead-lettered", "cancelled"}
CHANCES = st.sampled_from((0.0, 0.02, 0.1))
NAMES = st.sampled_from("abcdefgh")
ENDINGS = st.lists(st.sampled_from(("succeed", "reject", "retry", "fail", "cancel")), min_size=1, max_size=4).map(tuple)

steps: Counter[str] = Counter()


class Invariants(RuleBasedStateMachine):
    """A workshop under random orders, faults, crashes, outages and redrives."""

    backend: Backend | Literal["embedded"] = "ideal"

    def simulate(self, **options: Any) -> Simulation:
        """Start the application on its backend."""
        if self.backend == "embedded":
            return EmbeddedSimulation(application, **options)
        return Simulation(application, backend=self.backend, **options)

    @initialize(
        seed=st.integers(0, 2**16),
        chances=st.fixed_dictionaries(
            dict.fromkeys(("crash", "unavailable", "duplicate", "reorder", "delay", "lease_lost", "phantom"), CHANCES)
        ),
    )
    def open(self, seed, chances):
        """Start with the faults of a seed."""
        self.sim = self.simulate(
            seed=seed,
            faults=Faults(seed, **chances),
            durations={work_strictly: lambda attempt: timedelta(seconds=100 * attempt)},
        )
        while self.sim.ledger.read(f"schedule:{rounds.full_name}/state") is None:
            self.sim.advance(timedelta(seconds=1))
        self.opened = self.sim.now
        self.accepted: dict[str, set[str]] = {queue.name: set() for queue in (plain, strict, slow)}
        self.keys = defaultdict(set)
        self.ended = {}
        self.fences = {}
        self.ordered = set()
        self.noted = set()

    @rule(name=NAMES, endings=ENDINGS)
    def enqueue_plainly(self, name, endings):
        """Enqueue untracked work."""
        steps["steps"] += 1
        self.accepted[plain.name].add(self.sim.client.enqueue(plain, Task(name=name, endings=endings)))

    @rule(name=NAMES)
    def enqueue_strictly(self, name):
        """Enqueue work whose key may be taken."""
        steps["steps"] += 1
        try:
            job = self.sim.client.enqueue(strict, task_of(name), idempotency_key=name)
        except RetryLater:
            # A process died between claiming the key and sending the job; the claim is still young.
            return
        self.keys[name].add(job)
        self.accepted[strict.name].add(job)

    @rule(name=NAMES, endings=ENDINGS, seconds=st.sampled_from((0, 30, 400, 1100, 1500)), delay=st.integers(0, 3))
    def enqueue_slowly(self, name, endings, seconds, delay):
        """Enqueue long work, some of it longer than allowed, some of it for later."""
        steps["steps"] += 1
        task = Task(name=name, endings=endings, seconds=seconds)
        self.accepted[slow.name].add(self.sim.client.enqueue(slow, task, delay=delay * HOUR))

    @rule(name=NAMES)
    def emit(self, name):
        """Emit an event that a strict binding turns into the same work as an enqueue does."""
        steps["steps"] += 1
        self.sim.client.emit(ordered, task_of(name))
        self.ordered.add(name)

    @rule(name=NAMES, endings=ENDINGS, seconds=st.sampled_from((0, 30, 400)))
    def note(self, name, endings, seconds):
        """Emit an event to two subscriptions, each of which emits, enqueues and invokes."""
        steps["steps"] += 1
        self.noted.add(self.sim.client.emit(noted, Task(name=name, endings=endings, seconds=seconds)))

    @rule(minutes=st.sampled_from((1, 1, 5, 30, 90, 300)))
    def wait(self, minutes):
        """Let time pass."""
        steps["steps"] += 1
        self.sim.advance(timedelta(minutes=minutes))

    @rule()
    def restart(self):
        """Kill all processes."""
        steps["steps"] += 1
        self.sim.restart()

    @rule(hours=st.sampled_from((1, 5)))
    def lose_scheduler(self, hours):
        """Have the scheduler down for a while."""
        steps["steps"] += 1
        self.sim.stop_scheduler()
        self.sim.advance(timedelta(hours=hours))
        self.sim.start_scheduler()

    @precondition(lambda self: self.sim.dead_letters(strict) or self.sim.dead_letters(slow))
    @rule()
    def redrive(self):
        """Send the oldest dead letter back."""
        steps["steps"] += 1
        self.sim.redrive((self.sim.dead_letters(strict) or self.sim.dead_letters(slow))[0])

    @invariant()
    def an_end_is_final(self):
        """A job that has ended keeps its status, unless it is redriven, and no fence ever goes back."""
        if not hasattr(self, "sim"):
            return
        for key, stored in self.sim.ledger.scan("queue:"):
            fields = stored.fields
            job, status = fields["job_id"], fields["status"]
            if status in TERMINAL:
                known = self.ended.setdefault((job, fields.get("generation", 0)), status)
                assert known == status, f"{key} ended as {known} and then as {status}"
            assert fields.get("fence", 0) >= self.fences.get(key, 0), key
            self.fences[key] = fields.get("fence", 0)

    @invariant()
    def one_round_at_a_time(self):
        """Under forbid and replace no two runs are open, and no two of their jobs are leased."""
        if not hasattr(self, "sim"):
            return
        for schedule, queue in ((rounds, nightly), (sweeps, sweeping)):
            assert [run.status for run in self.sim.runs(schedule)].count("open") <= 1
            leased = [
                stored.fields
                for _, stored in self.sim.ledger.scan(f"queue:{queue.name}/")
                if stored.fields["status"] == "running" and stored.fields["lease_until"] > self.sim.clock.now()
            ]
            assert len(leased) <= 1, leased

    def teardown(self):
        """Let everything come to its end, and look at all of it."""
        if not hasattr(self, "sim"):
            return
        self.sim.faults.calm()
        due, runs = self.due_slots(), {}
        for _ in range(500):
            self.sim.advance(HOUR)
            runs = {run.slot: run.status for run in self.sim.runs(rounds)}
            if due <= {slot for slot, status in runs.items() if status != "open"}:
                break
        assert due <= set(runs), due - set(runs)
        self.sim.stop_scheduler()
        self.sim.drain()
        self.check_ends()
        self.check_keys()
        self.check_results()
        self.check_only_ends()
        self.check_senders()
        self.check_leases()
        self.check_rounds()
        self.check_sweeps()
        if isinstance(self.sim, EmbeddedSimulation):
            self.sim.close()

    def check_ends(self):
        """Every accepted job has ended, and the dead letters are those that ended so."""
        for queue in (plain, strict, slow, brief, sweeping):
            jobs = self.sim.jobs(queue)
            assert self.accepted.get(queue.name, set()) <= {job.id for job in jobs}
            for job in jobs:
                assert job.status in TERMINAL, job
        for queue in (strict, slow):
            # A crash between letter and settling may bring back a letter that was redriven meanwhile.
            generations = {job.id: job.generation for job in self.sim.jobs(queue)}
            letters = self.sim.dead_letters(queue)
            buried = {letter.id for letter in letters if letter.generation == generations[letter.id]}
            dead = {job.id for job in self.sim.jobs(queue) if job.status == "dead-lettered"}
            assert dead - self.given_up(queue) == buried - self.given_up(queue)

    def given_up(self, queue):
        """Give the jobs that the platform took away by itself; nothing is told of their end."""
        return {letter.id for letter in self.sim.dead_letters(queue) if letter.reason.startswith("the platform")}

    def check_keys(self):
        """A key has one job, whoever asked for it, and that job has at most one result."""
        jobs = self.sim.jobs(strict)
        by_key = defaultdict(set)
        for job in jobs:
            by_key[job.idempotency_key].add(job.id)
        assert all(len(ids) == 1 for ids in by_key.values()), by_key
        assert all(ids == by_key[key] for key, ids in self.keys.items())
        assert self.ordered <= set(by_key)
        tickets = defaultdict(set)
        for result in self.sim.events(strict.completed):
            tickets[result.job_id].add(result.result.ticket)
        assert all(len(results) == 1 for results in tickets.values()), tickets
        for job in jobs:
            stored = self.sim.ledger.read(f"queue:{strict.name}/{job.id}")
            if stored is not None and stored.fields["status"] == "success":
                assert tickets[job.id] == {stored.fields["result"]["ticket"]}, job

    def check_results(self):
        """A job's end is told, and all copies of the tale have one id and one content."""
        for queue in (strict, slow):
            told = defaultdict(set)
            for event in (queue.completed, queue.failed, queue.cancelled):
                for message in self.sim.messages(event):
                    told[message.id].add(str(plain_json(message.payload)["payload"]))
            assert all(len(contents) == 1 for contents in told.values()), told
            for job in self.sim.jobs(queue):
                if job.id in self.given_up(queue):
                    continue
                status = {"success": "success", "dead-lettered": "failed", "cancelled": "cancelled"}[job.status]
                assert f"{job.id}:{status}:{job.generation}" in told, job
                ends = [
                    name for name in ("success", "failed", "cancelled") if f"{job.id}:{name}:{job.generation}" in told
                ]
                assert ends == [status], (job, ends)

    def check_only_ends(self):
        """Where only ends are kept, no two different ends of a job are told; one may be lost."""
        for event in (brief.completed, brief.failed, brief.cancelled):
            for message in self.sim.messages(event):
                job_id, told, generation = message.id.split(":")
                status = {"success": "success", "failed": "dead-lettered", "cancelled": "cancelled"}[told]
                assert self.ended.get((job_id, int(generation)), status) == status, message.id

    def check_senders(self):
        """Two handlers of one event send under different ids, each under one, unless it was given up."""
        sent = defaultdict(set)
        for message in self.sim.messages(echoed):
            assert message.sender is not None
            sent[message.causation_id, message.sender.target].add(message.id)
        assert all(len(ids) == 1 for ids in sent.values()), sent
        assert len(set().union(*sent.values())) == len(sent)
        for handler, name in ((pass_on_first, "passOn"), (pass_on_too, "passOnToo")):
            buried = {letter.id for letter in self.sim.dead_letters(handler)}
            assert self.noted <= buried | {cause for cause, target in sent if target == name}
        assert len(self.sim.jobs(brief)) <= 2 * len(self.noted)

    def check_leases(self):
        """A run of a tracked job starts after the one before has ended, or else after its lease."""
        # Of a batch that is leased as a whole, the last ones start with what is left of the lease.
        queues = (slow, nightly, sweeping) if self.backend == "sqs-like" else (strict, slow, nightly, sweeping)
        for job in (job for queue in queues for job in self.sim.jobs(queue)):
            for before, after in pairwise(job.attempts):
                has_ended = before.ended_at is not None and before.ended_at <= after.started_at
                assert has_ended or after.started_at - before.started_at >= LEASE, job

    def due_slots(self):
        """Give the slots that have been due so far."""
        first = self.opened.replace(minute=0, second=0, microsecond=0) + HOUR
        return {first + hour * HOUR for hour in range((self.sim.now - first) // HOUR + 1)}

    def check_rounds(self):
        """No slot has had two jobs, and each round that closed has had one."""
        statuses = Counter(run.status for run in self.sim.runs(rounds))
        assert statuses["closed"] <= len(self.sim.jobs(nightly)) <= sum(statuses.values())
        assert set(statuses) <= {"closed", "open", "abandoned"}

    def check_sweeps(self):
        """No slot has had two jobs, each one ended, and the newest was replaced by none."""
        runs = self.sim.runs(sweeps)
        assert len(self.sim.jobs(sweeping)) <= len(runs)
        assert {run.status for run in runs} <= {"closed", "superseded", "abandoned"}
        assert all(run.status != "superseded" for run in runs[-1:])


def task_of(name):
    """Give the one payload that belongs to a key."""
    endings: dict[str, tuple[Ending, ...]] = {
        "a": ("fail", "succeed"),
        "b": ("reject",),
        "c": ("retry", "succeed"),
        "d": ("cancel",),
        "e": ("fail",),
    }
    return Task(name=name, endings=endings.get(name, ("succeed",)))


def explore(backend, *, examples, count):
    """Run that many random programs of that many steps."""
    machine = type("Machine", (Invariants,), {"backend": backend})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=count))


@pytest.fixture
def quiet(caplog):
    """Keep the failures of handlers, which are meant, out of the report."""
    caplog.set_level(logging.CRITICAL)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_promised_holds_under_faults(backend):
    """Jobs end once, keys are unique, ends are told with one id, and rounds never overlap."""
    explore(backend, examples=40, count=30)


@pytest.mark.soak
@pytest.mark.usefixtures("quiet")
def test_what_is_promised_holds_for_a_hundred_thousand_steps(capsys):
    """The same, for as many steps as find what is rare."""
    steps.clear()
    while steps["steps"] < 100_000:
        for backend in BACKENDS:
            explore(backend, examples=100, count=60)
    with capsys.disabled():
        print(f"\n{steps['steps']} steps on {', '.join(BACKENDS)}")  # noqa: T201 - a soak says how long it was
