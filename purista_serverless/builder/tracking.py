"""What the ledger has to keep of a queue's jobs, and why."""

from typing import Any

from purista_serverless.builder.declarations import Declarations, place_name
from purista_serverless.builder.handles import Queue
from purista_serverless.model import IdempotencyMode, Tracking


def idempotency_of(queue: Queue[Any, Any], declarations: Declarations) -> IdempotencyMode:
    """Give the queue's mode; one strict binding makes its queue strict."""
    bound = any(binding.idempotency_mode == "strict" for binding in declarations.bindings_of(queue))
    return "strict" if bound else queue.idempotency


def tracking_of(queue: Queue[Any, Any], declarations: Declarations) -> tuple[Tracking, tuple[str, ...]]:
    """Give the tracking of a queue and the reasons for it; no reason if it is as declared."""
    reasons = implied_by(queue, declarations)
    if reasons:
        return "full", reasons
    return queue.tracking or "none", ()


def implied_by(queue: Queue[Any, Any], declarations: Declarations) -> tuple[str, ...]:
    """Give everything that makes full tracking of a queue necessary."""
    reasons: list[str] = []
    if queue.idempotency == "strict":
        reasons.append("idempotency='strict'")
    reasons.extend(
        f"strict binding of {binding.event.name}"
        for binding in declarations.bindings_of(queue)
        if binding.idempotency_mode == "strict"
    )
    if queue.results is not None and queue.results.delivery == "required":
        reasons.append("results with delivery='required'")
    if queue.lifecycle is not None and queue.lifecycle.poison_threshold:
        reasons.append("lifecycle with poison_threshold, which counts equal failures")
    if queue.profile is not None:
        reasons.append("profile=LongRunning(...)")
    reasons.extend(
        f"{place_name(handler.service, handler.name)} answers 202 and is asked for the job's status"
        for handler in declarations.acceptors_of(queue)
    )
    reasons.extend(
        f"{place_name(schedule.service, schedule.name)} has concurrency_policy={schedule.concurrency_policy!r}"
        for schedule in declarations.guards_of(queue)
    )
    return tuple(dict.fromkeys(reasons))
