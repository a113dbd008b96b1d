"""Declarations that ask for more than Google Cloud can do, one small service each."""

from datetime import UTC, datetime, timedelta

from purista_serverless import (
    Backoff,
    Cron,
    DstPolicy,
    Interval,
    Lifecycle,
    LongRunning,
    OneShot,
    Post,
    Queue,
    ServiceBuilder,
)
from tests.unit.aws.plan.demands import Case, concurrent, exposed, long_names
from tests.unit.synth.demands import Demand, caller, queue, schedule, subscription, worker

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_NIGHTLY = Cron("30 2 * * *")
_HELD = Lifecycle(visibility=5 * _MINUTE, heartbeat=_MINUTE)


def held(**options: object) -> Demand:
    """Demand a queue whose deliveries a push can hold."""
    return queue(**{"lifecycle": _HELD, "max_delay": _MINUTE, **options})


def slow_call(service: ServiceBuilder) -> None:
    """Demand that a schedule invokes a command that takes longer than a push."""
    recount = service.command("recount", None, None, timeout=20 * _MINUTE)
    recount.handler()(caller())
    service.schedule("nightly").invoke(recount, expression=Cron("0 1 * * *"))


_SIX_HOURS = queue(profile=LongRunning(max_runtime=6 * _HOUR), max_delay=_MINUTE)


def very_slow_command(service: ServiceBuilder) -> None:
    """Demand an answer over HTTP that takes two hours."""
    service.command("quote", str, str, http=Post("/quotes"), timeout=2 * _HOUR).handler()(worker())


def chatty(service: ServiceBuilder) -> None:
    """Demand a function that sends to more queues than a variable can hold."""
    queues = [Queue.external(f"legacy.queue{'x' * 40}{number}", str) for number in range(200)]
    service.command("spread", str, str).handler(can_enqueue=queues)(worker())


def many_accounts(service: ServiceBuilder) -> None:
    """Demand more functions than a project has accounts."""
    for number in range(101):
        service.command(f"ask{number}", str, str).handler()(worker())


CASES = {
    "six-hours": Case(demand=_SIX_HOURS, stops="nothing", promise="runtime"),
    "six-hours-of-a-lease": Case(demand=_SIX_HOURS, stops="nothing", promise="heartbeat"),
    "two-megabytes-put-off": Case(demand=held(max_payload=2_000_000), stops="strict", promise="put-off"),
    "plain-visibility": Case(demand=queue(max_delay=_MINUTE), stops="strict", promise="lease"),
    "plain-subscription": Case(demand=subscription, stops="strict", promise="lease"),
    "own-backoff": Case(demand=held(), stops="strict", promise="backoff"),
    "slow-backoff": Case(
        demand=held(lifecycle=Lifecycle(visibility=5 * _MINUTE, heartbeat=_MINUTE, backoff=Backoff(maximum=_DAY))),
        stops="strict",
        promise="backoff",
    ),
    "sixty-days": Case(demand=held(max_delay=60 * _DAY), stops="nothing", promise="delay"),
    "priorities": Case(demand=held(priorities=3), stops="build", promise="priorities"),
    "batches": Case(demand=concurrent(batch_size=100), stops="nothing", promise="batch"),
    "long-names": Case(demand=long_names, stops="nothing", promise="names"),
    "each-second": Case(demand=schedule(Interval(timedelta(seconds=1))), stops="build", promise="interval"),
    "seven-minutes": Case(demand=schedule(Interval(7 * _MINUTE)), stops="nothing", promise="interval"),
    "one-instant": Case(
        demand=schedule(OneShot(datetime(2030, 1, 1, tzinfo=UTC))), stops="nothing", promise="one-shot"
    ),
    "both-days": Case(demand=schedule(Cron("0 9 */2 * MON")), stops="nothing", promise="cron"),
    "clock-change": Case(
        demand=schedule(_NIGHTLY, timezone="Europe/Berlin", dst=DstPolicy("shift", "both")),
        stops="nothing",
        promise="clock-changes",
    ),
    "untold-slot": Case(demand=schedule(Cron("0 4 * * *")), stops="nothing", promise="slot"),
    "wide-jitter": Case(demand=schedule(_NIGHTLY, jitter=60 * _DAY), stops="build", promise="jitter"),
    "twelve-megabytes": Case(demand=held(max_payload=12_000_000), stops="build", promise="payload"),
    "twelve-megabytes-claimed": Case(
        demand=held(max_payload=12_000_000), stops="nothing", promise="payload", options={"claim_check": True}
    ),
    "large-slot": Case(demand=schedule(_NIGHTLY, payload="x" * 1_100_000), stops="build", promise="schedule-payload"),
    "two-hundred-attempts": Case(
        demand=held(lifecycle=Lifecycle(visibility=5 * _MINUTE, heartbeat=_MINUTE, max_attempts=200)),
        stops="build",
        promise="deliveries",
    ),
    "long-window": Case(
        demand=held(
            lifecycle=Lifecycle(visibility=5 * _MINUTE, heartbeat=_MINUTE, window=40 * _DAY),
            dead_letter_retention=60 * _DAY,
        ),
        stops="build",
        promise="window",
    ),
    "old-dead-letters": Case(
        demand=held(dead_letter_retention=40 * _DAY), stops="build", promise="dead-letter-retention"
    ),
    "two-hours": Case(demand=very_slow_command, stops="build", promise="timeout"),
    "slow-call": Case(demand=slow_call, stops="build", promise="push-time"),
    "large-request": Case(demand=exposed(max_body=40 << 20), stops="build", promise="body"),
    "unknown-callers": Case(demand=exposed(), stops="build", promise="callers", options={"authorizer": "application"}),
    "threads-without-processor": Case(
        demand=exposed(), stops="build", promise="concurrency", options={"concurrency": 20}
    ),
    "memory-without-processor": Case(
        demand=exposed(), stops="build", promise="memory", options={"memory": 4_096, "cpu": 500}
    ),
    "kept-for-nothing": Case(
        demand=exposed(), stops="build", promise="instances", options={"min_instances": 5, "max_instances": 2}
    ),
    "many-ways-out": Case(demand=chatty, stops="build", promise="environment"),
    "many-accounts": Case(demand=many_accounts, stops="strict", promise="accounts"),
    "nobodys-options": Case(
        demand=exposed(),
        stops="build",
        promise="function-options",
        options={"functions": {"command:Shop.1.quot": {"memory": 512}}},
    ),
}
