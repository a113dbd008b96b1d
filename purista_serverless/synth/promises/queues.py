"""Promises of queues and their workers."""

from datetime import timedelta

from purista_serverless.model import Queue, Worker
from purista_serverless.synth.figures import duration_text, limit_text, size_text
from purista_serverless.synth.promises.edges import longest_run
from purista_serverless.synth.promises.promise import Case, Promise, needs_ledger
from purista_serverless.synth.verdicts import Degraded, Emulated, Native, Refused, Verdict


def judge_delay(queue: Queue, case: Case) -> Verdict | None:
    """Judge delays up to ``max_delay``; an undeclared bound is a failure that only production would show."""
    row = case.provider.limit("delay", "queue")
    if row is None:
        return Native()
    longest = timedelta(seconds=row.value)
    if queue.max_delay is None:
        return Degraded(
            why=f"no max_delay is declared, and a delay beyond {limit_text(row)} fails when it is asked for",
            fix=f"declare {bound_text(longest)}, so that it fails on every adapter alike",
        )
    if queue.max_delay <= longest:
        return Native()
    return Refused(
        why=f"delays of {duration_text(queue.max_delay)} are declared, and the provider's limit is {limit_text(row)}",
        fix=f"declare {bound_text(longest)}, and use a schedule for what comes later",
    )


def bound_text(longest: timedelta) -> str:
    """Write the longest ``max_delay`` that can be declared."""
    return f"max_delay of {duration_text(longest)} or less" if longest else "max_delay=timedelta(0)"


def judge_heartbeat(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether a run that outlasts one lease keeps its job."""
    needed = queue.max_runtime
    if needed is None or needed <= queue.lifecycle.visibility:
        return None
    if case.provider.lease_extension:
        return Native()
    row = case.provider.limit("lease", "queue")
    if row is None or needed <= timedelta(seconds=row.value):
        return Emulated(how="one lease covers the whole run")
    return Refused(
        why=f"runs of {duration_text(needed)} are declared, and the limit of the only lease is {limit_text(row)}",
        fix="split the work into shorter jobs, or choose an adapter that extends leases",
    )


def judge_runtime(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether a run may take as long as ``max_runtime``."""
    if queue.max_runtime is None:
        return None
    longest = longest_run(case, "queue")
    if longest is None or queue.max_runtime <= timedelta(seconds=longest.value):
        return Native()
    return Refused(
        why=f"runs of {duration_text(queue.max_runtime)} are declared, and the limit of a run is {limit_text(longest)}",
        fix="split the work into shorter jobs, or choose an adapter without that limit",
    )


def judge_ordering(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether jobs with the same ordering key run in order."""
    if queue.ordering_key is None:
        return None
    if case.provider.ordering:
        return Native()
    return Refused(
        why="an ordering key is declared, and the provider keeps no order",
        fix="drop ordering_key and make the worker indifferent to order, or choose an adapter that keeps it",
    )


def judge_priorities(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether jobs of a higher priority run first."""
    row = case.provider.limit("priorities", "queue")
    if queue.priorities == 1:
        return None
    if row is None or queue.priorities <= row.value:
        return Native()
    return Refused(
        why=f"{queue.priorities} priorities are declared, and the provider's limit is {limit_text(row)}",
        fix="declare one queue per priority, or priorities=1",
    )


def judge_payload(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether jobs may be as large as ``max_payload``."""
    if queue.max_payload is None:
        return None
    row = case.provider.limit("payload", "queue")
    if row is None or queue.max_payload <= row.value:
        return Native()
    return Refused(
        why=f"jobs of {size_text(queue.max_payload)} are declared, and the provider's limit is {limit_text(row)}",
        fix=f"declare max_payload={row.value} or less, and pass a reference to what is larger",
    )


def judge_idempotency(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether a key starts one job only."""
    if queue.idempotency != "strict":
        return None
    return needs_ledger(case, "strict idempotency") or Emulated(how="the ledger claims each key before its job is sent")


def judge_tracking(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether the state of a job can be asked for."""
    if queue.tracking == "none":
        return None
    return needs_ledger(case, f"tracking='{queue.tracking}'") or Emulated(how=f"the ledger keeps {_kept(queue)}")


def _kept(queue: Queue) -> str:
    return "a record of each job" if queue.tracking == "full" else "how each job ended"


def judge_results(queue: Queue, case: Case) -> Verdict | None:
    """Judge whether a job can wait for its result event to be accepted."""
    if queue.results is None or queue.results.delivery != "required":
        return None
    kept = Emulated(how="the ledger keeps the result until its event was accepted")
    return needs_ledger(case, "delivery='required'") or kept


def judge_batch(worker: Worker, case: Case) -> Verdict | None:
    """Judge batches: whether they can be as large, and one failing job leaves the others alone."""
    if worker.batch_size == 1:
        return None
    row = case.provider.limit("batch", "queue")
    if row is not None and row.value == 1:
        return Emulated(how="jobs are delivered one by one")
    if not case.provider.partial_batches:
        return Refused(
            why="one failing job would fail its whole batch",
            fix="declare batch_size=1",
        )
    if row is None or worker.batch_size <= row.value:
        return Native()
    return Degraded(
        why=f"batches of {worker.batch_size} are declared, and the provider's limit is {limit_text(row)}",
        fix=f"declare batch_size={row.value} or less",
    )


QUEUE_PROMISES: tuple[Promise[Queue], ...] = (
    Promise(name="delay", code="PS211", meaning="jobs can be delayed up to `max_delay`", rule=judge_delay),
    Promise(
        name="heartbeat", code="PS212", meaning="a run that outlasts one lease keeps its job", rule=judge_heartbeat
    ),
    Promise(name="runtime", code="PS213", meaning="a run may take as long as `max_runtime`", rule=judge_runtime),
    Promise(name="ordering", code="PS214", meaning="jobs of one key run in order", rule=judge_ordering),
    Promise(name="priorities", code="PS215", meaning="jobs of a higher priority run first", rule=judge_priorities),
    Promise(name="payload", code="PS216", meaning="jobs may be as large as `max_payload`", rule=judge_payload),
    Promise(name="idempotency", code="PS217", meaning="a key starts one job only", rule=judge_idempotency),
    Promise(name="tracking", code="PS218", meaning="the state of a job can be asked for", rule=judge_tracking),
    Promise(
        name="results", code="PS219", meaning="a job is settled after its result event was accepted", rule=judge_results
    ),
)

WORKER_PROMISES: tuple[Promise[Worker], ...] = (
    Promise(name="batch", code="PS221", meaning="one failing job does not fail its batch", rule=judge_batch),
)
