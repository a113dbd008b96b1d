"""Numbers and options that contradict each other."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from purista_serverless.builder.declarations import Declarations
from purista_serverless.builder.handlers import HandlerDeclaration
from purista_serverless.builder.handles import Queue
from purista_serverless.builder.options import Lifecycle, LongRunning, Route
from purista_serverless.builder.problems.report import problem_at
from purista_serverless.builder.tracking import implied_by
from purista_serverless.errors import Problem
from purista_serverless.naming import did_you_mean

_NOTHING = timedelta()
_TRACKING = ("none", "terminal", "full")


def check_kinds(declarations: Declarations) -> Iterator[Problem]:
    """Find options that are values of another kind than every other check relies on."""
    wanted: tuple[tuple[tuple[Any, ...], str, type[Any]], ...] = (
        (declarations.queues, "profile", LongRunning),
        (declarations.queues, "lifecycle", Lifecycle),
        (declarations.subscriptions, "lifecycle", Lifecycle),
        (declarations.bindings, "lifecycle", Lifecycle),
        (declarations.commands, "http", Route),
    )
    for targets, option, kind in wanted:
        for target in targets:
            given = getattr(target, option)
            if given is not None and not isinstance(given, kind):
                name = "Post" if kind is Route else kind.__name__
                yield problem_at("PS152", target, f"{option} knows no {given!r}", f"use {option}={name}(...)")


def check_lifecycles(declarations: Declarations) -> Iterator[Problem]:
    """Find lifecycles that contradict themselves."""
    for queue in declarations.queues:
        yield from _lifecycle_problems(queue, queue.resolved_lifecycle())
    edges: tuple[Any, ...] = (*declarations.subscriptions, *declarations.bindings)
    for target in edges:
        if target.lifecycle is not None:
            yield from _lifecycle_problems(target, target.lifecycle)
            if target.lifecycle.poison_threshold > 0:
                what = "poison_threshold counts equal failures in a job's record, and an event has no record"
                yield problem_at("PS160", target, what, "leave it out, or bind the event to a queue that declares it")


def _lifecycle_problems(target: Any, lifecycle: Lifecycle) -> Iterator[Problem]:
    for what, fix in _lifecycle_findings(lifecycle):
        yield problem_at("PS160", target, what, fix)


def _lifecycle_findings(lifecycle: Lifecycle) -> Iterator[tuple[str, str]]:
    backoff = lifecycle.backoff
    if lifecycle.visibility <= _NOTHING or lifecycle.heartbeat <= _NOTHING:
        yield "a lease or its heartbeat lasts no time", "use positive durations for visibility and heartbeat"
    elif lifecycle.heartbeat >= lifecycle.visibility:
        what = f"heartbeat {lifecycle.heartbeat} comes after the lease of {lifecycle.visibility} has ended"
        yield what, "use a heartbeat of a third of visibility"
    if lifecycle.max_attempts < 1:
        yield f"max_attempts is {lifecycle.max_attempts}", "use at least 1: the first run counts"
    if lifecycle.max_extensions < 0 or lifecycle.poison_threshold < 0:
        yield "max_extensions or poison_threshold is negative", "use 0 or more"
    if lifecycle.window <= _NOTHING:
        yield f"window is {lifecycle.window}", "use a positive duration"
    if backoff.initial < _NOTHING or backoff.maximum < backoff.initial:
        yield f"backoff goes from {backoff.initial} to {backoff.maximum}", "use 0 <= initial <= maximum"
    if backoff.multiplier < 1 or not 0 <= backoff.jitter <= 1:
        what = f"backoff has multiplier {backoff.multiplier} and jitter {backoff.jitter}"
        yield what, "use a multiplier from 1 up and a jitter from 0 to 1"


def check_bounds(declarations: Declarations) -> Iterator[Problem]:
    """Find bounds of commands, queues and workers that make no sense."""
    for queue in declarations.queues:
        for what, fix in _queue_findings(queue):
            yield problem_at("PS161", queue, what, fix)
        if queue.dead_letter_retention < queue.resolved_lifecycle().window:
            what = f"dead_letter_retention {queue.dead_letter_retention} is shorter than the window of its jobs"
            yield problem_at("PS164", queue, what, f"use at least {queue.resolved_lifecycle().window}")
    for command in declarations.commands:
        if command.timeout <= _NOTHING:
            yield problem_at("PS161", command, f"timeout is {command.timeout}", "use a positive duration")
    for handler in declarations.handlers:
        for what, fix in _worker_findings(handler):
            yield problem_at("PS161", handler, what, fix)


def _queue_findings(queue: Queue[Any, Any]) -> Iterator[tuple[str, str]]:
    if queue.priorities < 1:
        yield f"priorities is {queue.priorities}", "use at least 1"
    if queue.priorities > 1 and queue.ordering_key is not None:
        yield "jobs cannot be both in order and ahead of each other", "leave out ordering_key or priorities"
    if queue.max_delay is not None and queue.max_delay < _NOTHING:
        yield f"max_delay is {queue.max_delay}", "use a duration from 0 up, or leave it out"
    if queue.max_payload is not None and queue.max_payload < 1:
        yield f"max_payload is {queue.max_payload} bytes", "use a positive number, or leave it out"
    if queue.profile is not None and queue.profile.max_runtime <= _NOTHING:
        yield f"max_runtime is {queue.profile.max_runtime}", "use a positive duration"


def _worker_findings(handler: HandlerDeclaration) -> Iterator[tuple[str, str]]:
    for name in ("batch_size", "concurrency"):
        given = getattr(handler, name)
        if given is not None and given < 1:
            yield f"{name} is {given}", "use at least 1, or leave it out"
    target = handler.target
    if isinstance(target, Queue) and target.profile is not None and (handler.batch_size or 1) > 1:
        what = f"batch_size is {handler.batch_size}, but long-running jobs are leased one by one"
        yield what, "leave batch_size out"


def check_options(declarations: Declarations) -> Iterator[Problem]:
    """Find options that exclude each other, are unknown, or promise less than others need."""
    for queue in declarations.queues:
        yield from _choice_problems(queue)
        if queue.profile is not None and queue.lifecycle is not None:
            what = "both profile=LongRunning(...) and lifecycle=... say how long a job is leased"
            yield problem_at("PS162", queue, what, "keep one of them; max_attempts=... goes with either")
        if queue.lifecycle is not None and queue.max_attempts not in {None, queue.lifecycle.max_attempts}:
            what = f"max_attempts is {queue.max_attempts} here and {queue.lifecycle.max_attempts} in the lifecycle"
            yield problem_at("PS162", queue, what, "say it once")
        if queue.results is not None and not queue.results.names():
            fix = "name at least completed='...', or write result=<type> if nobody is told"
            yield problem_at("PS166", queue, "ResultEvents names no event", fix)
        yield from _tracking_problems(queue, declarations)
    for binding in declarations.bindings:
        yield from _unknown(binding, "idempotency_mode", binding.idempotency_mode, ("advisory", "strict"))


def _choice_problems(queue: Queue[Any, Any]) -> Iterator[Problem]:
    yield from _unknown(queue, "idempotency", queue.idempotency, ("advisory", "strict"))
    yield from _unknown(queue, "tracking", queue.tracking, (None, *_TRACKING))
    if queue.results is not None:
        yield from _unknown(queue, "delivery", queue.results.delivery, ("best-effort", "required"))


def _unknown(target: Any, option: str, given: Any, known: tuple[Any, ...]) -> Iterator[Problem]:
    if given not in known:
        names = [name for name in known if name is not None]
        hint = did_you_mean(str(given), names) or f"use one of {', '.join(names)}"
        yield problem_at("PS152", target, f"{option} knows no {given!r}", hint)


def _tracking_problems(queue: Queue[Any, Any], declarations: Declarations) -> Iterator[Problem]:
    reasons = implied_by(queue, declarations)
    if reasons and queue.tracking in {"none", "terminal"}:
        what = f"tracking={queue.tracking!r} is declared, but 'full' is needed for: {', '.join(reasons)}"
        yield problem_at("PS163", queue, what, "leave tracking out, or give up what needs it")
