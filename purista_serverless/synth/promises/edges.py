"""Promises of every asynchronous edge: how often, how long, how late, and what is left at the end."""

from datetime import timedelta
from typing import TYPE_CHECKING

from purista_serverless.adapter import Limit
from purista_serverless.synth.figures import duration_text, limit_text, size_text
from purista_serverless.synth.promises.promise import Case, Promise
from purista_serverless.synth.verdicts import Degraded, Emulated, Native, Refused, Verdict
from purista_serverless.topology import BindingEdge, CallEdge, Edge, QueueEdge, ScheduleEdge, SubscriptionEdge

if TYPE_CHECKING:
    from purista_serverless.adapter import EdgeKind


_PLURALS: dict["EdgeKind", str] = {
    "http": "requests",
    "command": "commands",
    "event": "events",
    "queue": "queues",
    "schedule": "schedules",
}


def kind_of(edge: Edge) -> "EdgeKind":
    """Give the kind of edge that a provider's limits speak of; a schedule's call is queued like a job."""
    match edge:
        case QueueEdge() | CallEdge():
            return "queue"
        case SubscriptionEdge() | BindingEdge():
            return "event"
        case ScheduleEdge():
            return "schedule"


def longest_run(case: Case, kind: "EdgeKind") -> Limit | None:
    """Give the limit after which a run on an edge is cut off or delivered again; ``None`` is never."""
    provider = case.provider
    held = provider.limit("leaseTotal" if provider.lease_extension else "lease", kind)
    rows = [row for row in (held, provider.limit("runtime", kind)) if row is not None]
    return min(rows, key=lambda row: row.value, default=None)


def judge_trigger(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether a function can be started from this kind of edge."""
    kind = kind_of(edge)
    if edge.consumer is None:
        return Native(how="carried without a function")
    if kind in case.provider.triggers:
        return Native()
    return Refused(
        why=f"{case.adapter.name} starts no functions from {_PLURALS[kind]}",
        fix=f"choose an adapter that does, or add one for {_PLURALS[kind]} beside it",
    )


def judge_attempts(edge: Edge, case: Case) -> Verdict | None:
    """Judge the counting of attempts; bindings and gates are left out, since they may repeat what they do."""
    if isinstance(edge, BindingEdge | ScheduleEdge):
        return None
    if case.provider.attempts == "exact":
        return Native()
    return _counted_by_ledger(edge, case) or Degraded(
        why="the provider's receive counts are approximate", fix=_way_to_count(edge, case)
    )


def _counted_by_ledger(edge: Edge, case: Case) -> Verdict | None:
    is_tracked = isinstance(edge, QueueEdge) and case.lookup.queues[edge.queue].tracking == "full"
    return Emulated(how="the ledger counts started runs") if is_tracked and case.provider.conditional_store else None


def _way_to_count(edge: Edge, case: Case) -> str:
    if not case.provider.conditional_store:
        return "choose an adapter that counts exactly, or one with a conditional store"
    if isinstance(edge, QueueEdge):
        return "declare tracking='full', and the ledger counts started runs"
    return "move the work to a queue with tracking='full'"


def judge_deliveries(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether the provider gives up before the declared attempts are spent."""
    row, attempts = case.provider.limit("deliveries", kind_of(edge)), edge.lifecycle.max_attempts
    if row is None or attempts <= row.value:
        return Native()
    return Refused(
        why=f"{attempts} attempts are declared, and the provider's limit is {limit_text(row)}",
        fix=f"declare max_attempts={row.value} or less",
    )


def judge_backoff(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether a redelivery can be as late as the backoff says."""
    row, longest = case.provider.limit("backoff", kind_of(edge)), edge.lifecycle.backoff.maximum
    if row is None or longest <= timedelta(seconds=row.value):
        return _own_backoff(edge, row, case) or Native()
    return Degraded(
        why=f"a backoff of {duration_text(longest)} is declared, and the provider's limit is {limit_text(row)}",
        fix=f"declare Backoff(maximum=...) of {duration_text(timedelta(seconds=row.value))} or less",
    )


def _own_backoff(edge: Edge, row: Limit | None, case: Case) -> Verdict | None:
    if case.provider.backoff == "exact" or edge.consumer is None:
        return None
    source = "" if row is None else f" ({row.source})"
    return Degraded(
        why=f"between its two bounds the provider chooses when a failed delivery comes again{source}",
        fix="return Retry(delay=...) where a delay has to be kept",
    )


def judge_window(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether a message is kept for its retry window, which counts from when it is due."""
    row, needed = case.provider.limit("retention", kind_of(edge)), _kept_for(edge, case)
    if row is None or needed <= timedelta(seconds=row.value):
        return Native()
    return Refused(
        why=f"messages have to be kept for {duration_text(needed)}, and the provider's limit is {limit_text(row)}",
        fix="shorten the window, or the queue's max_delay",
    )


def _kept_for(edge: Edge, case: Case) -> timedelta:
    if not isinstance(edge, QueueEdge) or case.provider.delays_apart:
        return edge.lifecycle.window
    return edge.lifecycle.window + (case.lookup.queues[edge.queue].max_delay or timedelta(0))


def judge_lease(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether a delivery is nobody else's for as long as its visibility says."""
    if isinstance(edge, BindingEdge | ScheduleEdge):
        return None
    kind, needed = kind_of(edge), edge.lifecycle.visibility
    single, longest = case.provider.limit("lease", kind), longest_run(case, kind)
    if longest is not None and needed > timedelta(seconds=longest.value):
        return _run_elsewhere(edge, longest, case) or Degraded(
            why=f"a visibility of {duration_text(needed)} is declared, and the limit of a run is {limit_text(longest)}",
            fix=f"declare Lifecycle(visibility=...) of {duration_text(timedelta(seconds=longest.value))} or less",
        )
    if single is None or needed <= timedelta(seconds=single.value):
        return Native()
    return Emulated(how=f"leases of {limit_text(single)} are extended while the handler runs")


def _run_elsewhere(edge: Edge, longest: Limit, case: Case) -> Verdict | None:
    """Give how an adapter runs what takes longer than its functions may, if it does."""
    how = case.adapter.emulations.get("runtime")
    if how is None or not isinstance(edge, QueueEdge):
        return None
    runtime = case.lookup.queues[edge.queue].max_runtime
    is_longer = runtime is not None and runtime > timedelta(seconds=longest.value)
    return Emulated(how=how) if is_longer else None


def judge_dead_letter(_edge: Edge, case: Case) -> Verdict | None:
    """Judge whether what cannot be done is kept."""
    if case.provider.dead_letters:
        return Native()
    return Refused(
        why="the provider drops what it gives up on, and has no place for dead letters",
        fix="choose an adapter that keeps dead letters",
    )


def judge_dead_letter_retention(edge: Edge, case: Case) -> Verdict | None:
    """Judge how long dead letters stay; without a declaration it is as long as their source."""
    row = case.provider.limit("deadLetterRetention", kind_of(edge))
    needed = edge.dead_letter.retention if isinstance(edge, QueueEdge) else edge.lifecycle.window
    if row is None or needed <= timedelta(seconds=row.value):
        return Native()
    return Refused(
        why=f"dead letters have to stay for {duration_text(needed)}, and the provider's limit is {limit_text(row)}",
        fix="shorten dead_letter_retention and the window",
    )


def judge_binding_payload(edge: Edge, case: Case) -> Verdict | None:
    """Judge whether what comes by an event may be as large as what is enqueued."""
    if not isinstance(edge, BindingEdge):
        return None
    row, needed = case.provider.limit("payload", "event"), case.lookup.queues[edge.queue].max_payload
    if needed is None or row is None or needed <= row.value:
        return None
    return Degraded(
        why=f"jobs may have {size_text(needed)}, and the limit of an event that becomes one is {limit_text(row)}",
        fix="enqueue large jobs instead of emitting their event, or lower the queue's max_payload",
    )


EDGE_PROMISES: tuple[Promise[Edge], ...] = (
    Promise(name="trigger", code="PS201", meaning="a function starts from this kind of edge", rule=judge_trigger),
    Promise(name="attempts", code="PS202", meaning="started handler runs are counted exactly", rule=judge_attempts),
    Promise(
        name="deliveries",
        code="PS203",
        meaning="the provider does not give up before `max_attempts`",
        rule=judge_deliveries,
    ),
    Promise(name="backoff", code="PS204", meaning="a retry waits as long as its backoff says", rule=judge_backoff),
    Promise(name="window", code="PS205", meaning="messages are kept for their retry window", rule=judge_window),
    Promise(name="lease", code="PS206", meaning="a delivery is exclusive for its visibility", rule=judge_lease),
    Promise(name="dead-letter", code="PS207", meaning="what cannot be done is kept", rule=judge_dead_letter),
    Promise(
        name="dead-letter-retention",
        code="PS208",
        meaning="dead letters stay as long as declared, and never shorter than their source",
        rule=judge_dead_letter_retention,
    ),
    Promise(
        name="binding-payload",
        code="PS209",
        meaning="a job that comes by an event may be as large as any other of its queue",
        rule=judge_binding_payload,
    ),
)
