"""Declarations that ask for more than AWS can do, one small service each."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from purista_serverless import (
    Backoff,
    Cron,
    DstPolicy,
    Interval,
    Lifecycle,
    LongRunning,
    Post,
    Queue,
    ServiceBuilder,
)
from tests.unit.synth.demands import Demand, listener, queue, schedule, slow_command, worker

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_NIGHTLY = Cron("30 2 * * *")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A demand, the options that it is deployed with, and how bad it is.

    ``stops`` is what it stops: every build, a strict one, or none, because the adapter makes up for it.
    """

    demand: Demand
    stops: str
    promise: str
    options: dict[str, Any] = field(default_factory=dict)


def concurrent(**options: Any) -> Demand:
    """Demand a worker with these options."""

    def declare(service: ServiceBuilder) -> None:
        service.queue("shop.orders", str).worker(name="fulfil", **options)(listener())

    return declare


def exposed(**options: Any) -> Demand:
    """Demand a command that is exposed with these options."""

    def declare(service: ServiceBuilder) -> None:
        service.command("quote", str, str, http=Post("/quotes", **options)).handler()(worker())

    return declare


def long_names(service: ServiceBuilder) -> None:
    """Demand names of 70 characters and more, each of which is legal by itself."""
    name = "shop." + "a" * 58
    jobs = service.queue(name, str)
    jobs.worker(name="b" * 63)(listener())
    service.bind_event_to_queue(service.event("shop." + "c" * 58, str), jobs)


def chatty(service: ServiceBuilder) -> None:
    """Demand a function that sends to more queues than its variables can hold."""
    queues = [Queue.external(f"legacy.queue{'x' * 40}{number}", str) for number in range(30)]
    service.command("spread", str, str).handler(can_enqueue=queues)(worker())


CASES = {
    "six-hours": Case(
        demand=queue(profile=LongRunning(max_runtime=6 * _HOUR), max_delay=_MINUTE), stops="build", promise="runtime"
    ),
    "fifteen-minutes": Case(
        demand=queue(profile=LongRunning(max_runtime=15 * _MINUTE), max_delay=_MINUTE),
        stops="strict",
        promise="invocation",
    ),
    "three-megabytes": Case(demand=queue(max_payload=3_000_000, max_delay=_MINUTE), stops="build", promise="payload"),
    "three-megabytes-claimed": Case(
        demand=queue(max_payload=3_000_000, max_delay=_MINUTE),
        stops="nothing",
        promise="payload",
        options={"claim_check": True},
    ),
    "twenty-minutes": Case(demand=queue(max_delay=20 * _MINUTE), stops="nothing", promise="delay"),
    "any-delay": Case(demand=queue(), stops="nothing", promise="delay"),
    "ordered-any-delay": Case(demand=queue(ordering_key=str), stops="strict", promise="waiting"),
    "ordered-few-attempts": Case(
        demand=queue(ordering_key=str, lifecycle=Lifecycle(max_attempts=2), max_delay=_DAY),
        stops="strict",
        promise="waiting",
    ),
    "ordered-week": Case(
        demand=queue(ordering_key=str, lifecycle=Lifecycle(max_attempts=1), max_delay=7 * _DAY),
        stops="build",
        promise="waiting",
    ),
    "priorities": Case(demand=queue(priorities=3, max_delay=_MINUTE), stops="build", promise="priorities"),
    "long-names": Case(demand=long_names, stops="nothing", promise="names"),
    "each-second": Case(demand=schedule(Interval(timedelta(seconds=1))), stops="build", promise="interval"),
    "both-days": Case(demand=schedule(Cron("0 9 */2 * MON")), stops="build", promise="cron"),
    "clock-change": Case(
        demand=schedule(_NIGHTLY, timezone="Europe/Berlin", dst=DstPolicy("shift", "both")),
        stops="build",
        promise="clock-changes",
    ),
    "wide-jitter": Case(demand=schedule(_NIGHTLY, jitter=5 * _DAY), stops="build", promise="jitter"),
    "large-slot": Case(demand=schedule(_NIGHTLY, payload="x" * 300_000), stops="build", promise="schedule-payload"),
    "thousands-of-attempts": Case(
        demand=queue(lifecycle=Lifecycle(max_attempts=2_000), max_delay=_MINUTE), stops="build", promise="deliveries"
    ),
    "long-window": Case(
        demand=queue(lifecycle=Lifecycle(window=20 * _DAY), dead_letter_retention=30 * _DAY, max_delay=_MINUTE),
        stops="build",
        promise="window",
    ),
    "old-dead-letters": Case(
        demand=queue(dead_letter_retention=30 * _DAY, max_delay=_MINUTE),
        stops="build",
        promise="dead-letter-retention",
    ),
    "short-dead-letters": Case(
        demand=queue(dead_letter_retention=_DAY, max_delay=2 * _DAY), stops="strict", promise="dead-letter-age"
    ),
    "slow-backoff": Case(
        demand=queue(lifecycle=Lifecycle(backoff=Backoff(maximum=_DAY)), max_delay=_MINUTE),
        stops="strict",
        promise="backoff",
    ),
    "slow-answer": Case(demand=slow_command, stops="build", promise="timeout"),
    "large-request": Case(demand=exposed(max_body=7 << 20), stops="build", promise="body"),
    "unknown-callers": Case(demand=exposed(), stops="build", promise="callers", options={"authorizer": "none"}),
    "claim-without-token": Case(
        demand=exposed(),
        stops="build",
        promise="tenant-claim",
        options={"authorizer": "iam", "tenant_claim": "tenant"},
    ),
    "one-at-a-time": Case(demand=concurrent(concurrency=1), stops="build", promise="concurrency"),
    "reserved-too-few": Case(
        demand=concurrent(concurrency=10),
        stops="strict",
        promise="concurrency",
        options={"functions": {"worker:Shop.1.fulfil": {"reserved_concurrency": 2}}},
    ),
    "huge-batches": Case(demand=concurrent(batch_size=20_000), stops="strict", promise="batch"),
    "many-ways-out": Case(demand=chatty, stops="build", promise="environment"),
    "old-snapshots": Case(
        demand=exposed(), stops="build", promise="snap-start", options={"snap_start": True, "python": "3.11"}
    ),
    "nobodys-options": Case(
        demand=exposed(),
        stops="build",
        promise="function-options",
        options={"functions": {"command:Shop.1.quot": {"memory": 512}}},
    ),
}
