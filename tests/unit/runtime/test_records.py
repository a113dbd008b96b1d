"""A job's record: a state machine over pure functions."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from purista_serverless.runtime.ledger import Claim
from purista_serverless.runtime.records import (
    CANCELLED,
    CLAIMED,
    DEAD_LETTERED,
    QUEUED,
    RUNNING,
    SKEW,
    SUCCESS,
    Busy,
    Finished,
    JobRecord,
    Run,
    Spent,
    Stale,
    begin,
    cancel,
    extend,
    finish,
    job_key,
    progress,
    release,
)
from tests.unit.message.strategies import texts, values

LEASE, MAX_ATTEMPTS = 60_000, 3
records = st.builds(
    JobRecord,
    job_id=texts,
    queue=texts,
    status=st.sampled_from([QUEUED, RUNNING, SUCCESS, DEAD_LETTERED, CANCELLED]),
    updated_at=st.integers(0, 2**42),
    owner=st.none() | texts,
    fence=st.integers(0, 99),
    lease_until=st.none() | st.integers(0, 2**42),
    attempt=st.integers(0, 99),
    generation=st.integers(0, 9),
    progress=values,
    result=values,
    reason=st.none() | texts,
    history=st.lists(st.fixed_dictionaries({"attempt": st.integers(), "reason": texts}), max_size=3).map(tuple),
    payload_hash=st.none() | texts,
    runs=st.lists(texts, max_size=3).map(tuple),
    tenant_id=st.none() | texts,
    principal_id=st.none() | texts,
)


def fresh(generation: int = 0, runs: tuple[str, ...] = ()) -> JobRecord:
    """Give the record that a delivery brings along."""
    return JobRecord(job_id="j", queue="q", status=RUNNING, generation=generation, runs=runs, updated_at=0)


def fields(record: JobRecord | None) -> dict[str, Any] | None:
    """Give a record as the store has it."""
    return None if record is None else record.to_fields()


class JobRecordMachine(RuleBasedStateMachine):
    """One record, many deliveries: leases run out, outcomes come late, runs are cancelled, letters redriven."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.generation = 0
        self.record: JobRecord | None = None
        self.fences: list[int] = []
        self.leased: list[JobRecord] = []

    def write(self, changed: JobRecord | None) -> None:
        """Store what a function gave, as a ledger does."""
        if changed is None:
            return
        before = self.record
        if before is not None:
            assert changed.fence >= before.fence
            assert changed.generation >= before.generation
            if before.is_terminal and changed.generation == before.generation:
                assert changed.to_fields() == before.to_fields()
        self.record = JobRecord.from_fields(changed.to_fields())

    @rule(passed=st.integers(0, 2 * LEASE))
    def pass_time(self, passed):
        """Time goes on, perhaps beyond a lease."""
        self.now += passed

    @rule(behind=st.integers(0, 2))
    def deliver(self, behind):
        """A delivery of this or an earlier generation asks to run."""
        brought = fresh(max(self.generation - behind, 0), runs=(f"run{behind}",))
        before = self.record
        beginning = begin(
            before, brought, owner="d", lease_until=self.now + LEASE, max_attempts=MAX_ATTEMPTS, now=self.now
        )
        match beginning:
            case Run(record):
                assert before is None or before.status != RUNNING or self.has_run_out(before, brought)
                assert record.fence not in self.fences
                assert record.attempt <= MAX_ATTEMPTS
                self.fences.append(record.fence)
                self.leased.append(record)
                self.write(record)
            case Busy(delay):
                assert before is not None
                assert before.status == RUNNING
                assert 0 < delay <= LEASE + SKEW
            case Finished(record):
                assert record.is_terminal
            case Stale():
                assert before is not None
                assert before.generation > brought.generation
            case Spent(record):
                assert record.attempt >= MAX_ATTEMPTS

    def has_run_out(self, before: JobRecord, brought: JobRecord) -> bool:
        """Say whether a lease no longer stands in the way."""
        return before.generation < brought.generation or (before.lease_until or 0) + SKEW <= self.now

    @precondition(lambda self: self.leased)
    @rule(data=st.data(), kind=st.sampled_from(["extend", "progress", "release", "interrupt", "success", "fail"]))
    def act(self, data, kind):
        """Some run, perhaps one that lost its lease long ago, writes what it has to say."""
        fence = data.draw(st.sampled_from(self.leased)).fence
        before = self.record
        match kind:
            case "extend":
                changed = extend(before, fence=fence, lease_until=self.now + LEASE)
            case "progress":
                changed = progress(before, fence=fence, value={"at": self.now}, now=self.now)
            case "release" | "interrupt":
                counted = kind == "release"
                changed = release(before, fence=fence, reason="boom", now=self.now, counted=counted)
            case _:
                status = SUCCESS if kind == "success" else DEAD_LETTERED
                changed = finish(before, fence=fence, status=status, reason=None, now=self.now)
        if before is None or before.fence != fence or before.is_terminal:
            assert changed is None
        self.write(changed)

    @rule()
    def replace_run(self):
        """A newer run of the schedule cancels the job; whoever runs it loses the fence."""
        before = self.record
        changed = cancel(before, queue="q", job_id="j", reason="replaced", now=self.now)
        assert (changed is None) == (before is not None and before.is_terminal)
        if changed is not None and before is not None:
            assert changed.fence > before.fence
        self.write(changed)
        assert self.record is not None
        assert self.record.is_terminal

    @precondition(lambda self: self.record is not None and self.record.is_terminal)
    @rule()
    def redrive(self):
        """A dead letter goes back: its deliveries are of the next generation."""
        assert self.record is not None
        self.generation = self.record.generation + 1

    @invariant()
    def leases_fit_the_status(self):
        """Only a running record has an owner and a lease."""
        if self.record is not None and self.record.status != RUNNING:
            assert self.record.owner is None
            assert self.record.lease_until is None

    @invariant()
    def attempts_are_counted(self):
        """An attempt is never negative and never beyond the limit."""
        assert self.record is None or 0 <= self.record.attempt <= MAX_ATTEMPTS


TestJobRecord = JobRecordMachine.TestCase


@given(records)
def test_a_record_survives_the_store(record):
    """What a store is given is what it gives back, empty results included."""
    assert fields(JobRecord.from_fields(record.to_fields())) == record.to_fields()
    assert JobRecord.from_fields(record.to_fields()).result == record.result
    assert JobRecord.from_fields(record.to_fields()).progress == record.progress
    assert None not in record.to_fields().values()


@given(records, st.integers(0, 99))
def test_a_lost_fence_never_writes(record, fence):
    """With another fence than the record's every write is refused."""
    if fence == record.fence:
        fence += 1
    assert extend(record, fence=fence, lease_until=1) is None
    assert progress(record, fence=fence, value=1, now=1) is None
    assert release(record, fence=fence, reason="", now=1, counted=True) is None
    assert finish(record, fence=fence, status=SUCCESS, now=1) is None


def test_without_a_record_there_is_nothing_to_write():
    """A run whose record has expired writes nothing, and a cancelled job gets a record that its delivery will find."""
    assert extend(None, fence=1, lease_until=1) is None
    assert progress(None, fence=1, value=1, now=1) is None
    assert release(None, fence=1, reason="", now=1, counted=True) is None
    assert finish(None, fence=1, status=SUCCESS, now=1) is None
    cancelled = cancel(None, queue="q", job_id="j", reason="replaced", now=1)
    assert isinstance(begin(cancelled, fresh(), owner="d", lease_until=9, max_attempts=3, now=2), Finished)


def test_a_redrive_starts_over_and_keeps_what_is_known():
    """A new generation has all its attempts again and a higher fence; runs, history and the key's payload stay."""
    running = fresh(runs=("r1",)).replace(fence=7, attempt=3, payload_hash="h", progress="half")
    ended = finish(running, fence=7, status=DEAD_LETTERED, reason="no", now=1)
    beginning = begin(ended, fresh(1, runs=("r2",)), owner="d", lease_until=9, max_attempts=3, now=1)

    assert isinstance(beginning, Run)
    record = beginning.record
    assert (record.fence, record.attempt, record.generation, record.runs) == (8, 1, 1, ("r1", "r2"))
    assert record.payload_hash == "h"
    assert (record.progress, record.result, record.reason) == (None, None, None)
    assert record.history == ({"generation": 0, "attempt": 3, "at": 1, "reason": "no"},)


def test_a_copy_from_before_a_redrive_is_stale():
    """A delivery of an earlier generation than the record's may do nothing, whatever the record's status."""
    for status in (QUEUED, RUNNING, SUCCESS):
        record = fresh(1).replace(status=status, lease_until=9)
        assert isinstance(begin(record, fresh(), owner="d", lease_until=9, max_attempts=3, now=1), Stale)


def test_a_lease_is_taken_over_five_seconds_after_its_end():
    """Clocks of hosts differ: within that time the lease's owner may still believe in it."""
    running = fresh().replace(lease_until=10_000)

    early = begin(running, fresh(), owner="d", lease_until=99_000, max_attempts=3, now=14_999)
    taken = begin(running, fresh(), owner="d", lease_until=99_000, max_attempts=3, now=15_000)

    assert isinstance(early, Busy)
    assert early.delay == 1
    assert isinstance(taken, Run)


def test_a_claim_is_taken_over_five_seconds_after_its_end():
    """The same holds for a key whose enqueue died before it sent the job; its own repetition need not wait."""
    standing = fresh().replace(status=CLAIMED, owner="one", lease_until=10_000, payload_hash="h")
    other = Claim(standing.replace(owner="two"), standing)
    same = Claim(standing, standing)

    assert (other.may_send(14_999), other.waits(14_999)) == (False, 1)
    assert (other.may_send(15_000), other.waits(15_000)) == (True, 0)
    assert (same.may_send(0), same.waits(0)) == (True, 0)


def test_history_keeps_the_newest_failures():
    """Counted failures are remembered, the newest fifty of them; interruptions are not."""
    record: JobRecord | None = fresh().replace(fence=1)
    for attempt in range(1, 61):
        assert record is not None
        running = record.replace(status=RUNNING, attempt=attempt)
        record = release(running, fence=1, reason=f"no {attempt}", now=attempt, counted=True)

    assert record is not None
    assert [entry["attempt"] for entry in record.history] == list(range(11, 61))
    interrupted = release(record.replace(status=RUNNING), fence=1, reason="", now=99, counted=False)
    assert interrupted is not None
    assert (interrupted.history, interrupted.attempt) == (record.history, 59)


def test_the_key_starts_with_the_edge():
    """Permissions are bounded by the prefix of a key."""
    assert job_key("closing", "j1") == "queue:closing/j1"
