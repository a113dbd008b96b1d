"""Declarations that ask for more than some provider can do: one small service each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from purista_serverless import (
    Application,
    Backoff,
    Cron,
    DstPolicy,
    Interval,
    Lifecycle,
    LongRunning,
    OneShot,
    Post,
    ResultEvents,
    ServiceBuilder,
)
from purista_serverless import model as values
from purista_serverless.adapter import Adapter, Capabilities, Limit
from purista_serverless.testing.descriptors import PUSH_LIKE, SQS_LIKE

# A provider with next to nothing: one queue per application, UTC, and no store.
BARE = Adapter(
    "bare",
    capabilities=Capabilities(
        triggers=("command",),
        direct=(),
        attempts="approximate",
        lease_extension=False,
        ordering=False,
        partial_batches=False,
        dead_letters=False,
        schedule_kinds=("cron",),
        dst=DstPolicy("skip", "first"),
        time_zones=False,
        conditional_store=False,
        http_authorizer=False,
        limits=(
            Limit("batch", 10, "count", source="Bare, manual"),
            Limit("name", 20, "characters", source="Bare, manual"),
            Limit("payload", 1_024, "B", edge="event", source="Bare, manual"),
            Limit("resources", 6, "count", source="Bare, manual"),
        ),
    ),
    entry="purista_serverless.runtime.entry",
)

Demand = Callable[[ServiceBuilder], object]


def worker():
    """Make a handler that gives its payload back; one function handles one thing, so that each is a new one."""

    def work(_ctx, payload: str) -> str:
        return payload

    return work


def listener():
    """Make a handler that does nothing."""

    def listen(_ctx, payload: str) -> None:
        pass

    return listen


def caller():
    """Make a handler without payload that does nothing."""

    def call(_ctx, _payload: None) -> None:
        pass

    return call


def month_of(slot: datetime) -> str:
    """Name the month of a slot."""
    return f"{slot:%Y-%m}"


def queue(**options) -> Demand:
    """Demand a queue with these options, and a worker for it."""

    def declare(service: ServiceBuilder) -> None:
        service.queue("shop.orders", str, **options).worker(name="fulfil")(listener())

    return declare


def schedule(expression, **options) -> Demand:
    """Demand a schedule that emits an event."""

    def declare(service: ServiceBuilder) -> None:
        due = service.event("shop.stockDue", str)
        service.schedule("stocktaking").emit_event(due, **{"expression": expression, "payload": "all", **options})

    return declare


def subscription(service: ServiceBuilder) -> None:
    """Demand a subscription with upstream's defaults."""
    service.subscribe(service.event("shop.sold", str), "count")(listener())


def slow_command(service: ServiceBuilder) -> None:
    """Demand an answer over HTTP that takes a minute."""
    service.command("quote", str, str, http=Post("/quotes"), timeout=timedelta(minutes=1)).handler()(worker())


def large_bound_job(service: ServiceBuilder) -> None:
    """Demand that an event becomes a job of a queue for large jobs."""
    orders = service.queue("shop.orders", str, max_payload=1 << 20)
    orders.worker(name="fulfil")(listener())
    service.bind_event_to_queue(service.event("shop.sold", str), orders)


def call_by_schedule(service: ServiceBuilder) -> None:
    """Demand that a schedule invokes a command."""
    recount = service.command("recount", None, None)
    recount.handler()(caller())
    service.schedule("nightly").invoke(recount, expression=Cron("0 1 * * *"))


def everything(service: ServiceBuilder) -> None:
    """Demand one of everything, of a provider that has nothing."""
    orders = service.queue(
        "shop.orders",
        str,
        result=ResultEvents(str, completed="shop.orders.completed", delivery="required"),
        idempotency="strict",
        ordering_key=lambda payload: payload,
        max_payload=4_096,
    )
    orders.worker(name="fulfil", batch_size=5)(worker())
    sold = service.event("shop.sold", str)
    service.bind_event_to_queue(sold, orders, idempotency_mode="strict")
    service.subscribe(sold, "count")(listener())
    service.command("quote", str, str, http=Post("/quotes")).handler()(worker())
    service.schedule("stocktaking").emit_event(
        sold,
        expression=Cron("30 2 * * *"),
        timezone="Europe/Berlin",
        concurrency_policy="forbid",
        missed_run_policy="catchUp",
        payload=month_of,
    )
    service.schedule("ticking").emit_event(sold, expression=Interval(timedelta(minutes=5)), payload="tick")


_DAY = timedelta(days=1)
_NIGHTLY = Cron("30 2 * * *")

# What cannot be kept, by name: the provider, the demand, and whether only a strict check minds.
DEMANDS: dict[str, tuple[Adapter, Demand, bool]] = {
    "sqs-like-delay": (SQS_LIKE, queue(max_delay=timedelta(hours=1)), False),
    "sqs-like-undeclared-delay": (SQS_LIKE, queue(), True),
    "sqs-like-priorities": (SQS_LIKE, queue(priorities=3), False),
    "sqs-like-payload": (SQS_LIKE, queue(max_payload=2 << 20), False),
    "sqs-like-runtime": (SQS_LIKE, queue(profile=LongRunning(max_runtime=timedelta(hours=6))), False),
    "sqs-like-deliveries": (SQS_LIKE, queue(lifecycle=Lifecycle(max_attempts=2_000)), False),
    "sqs-like-window": (SQS_LIKE, queue(lifecycle=Lifecycle(window=20 * _DAY), dead_letter_retention=30 * _DAY), False),
    "sqs-like-dead-letters": (SQS_LIKE, queue(dead_letter_retention=30 * _DAY), False),
    "sqs-like-backoff": (SQS_LIKE, queue(lifecycle=Lifecycle(backoff=Backoff(maximum=_DAY))), True),
    "sqs-like-subscription": (SQS_LIKE, subscription, True),
    "sqs-like-http-timeout": (SQS_LIKE, slow_command, False),
    "sqs-like-bound-payload": (SQS_LIKE, large_bound_job, True),
    "sqs-like-cron": (SQS_LIKE, schedule(Cron("0 9 */2 * MON")), False),
    "sqs-like-clock-change": (
        SQS_LIKE,
        schedule(_NIGHTLY, timezone="Europe/Berlin", dst=DstPolicy("shift", "both")),
        False,
    ),
    "sqs-like-jitter": (SQS_LIKE, schedule(_NIGHTLY, jitter=2 * _DAY), False),
    "sqs-like-schedule-payload": (SQS_LIKE, schedule(_NIGHTLY, payload="x" * 300_000), False),
    "push-like-delay": (PUSH_LIKE, queue(max_delay=timedelta(seconds=1)), False),
    "push-like-runtime": (PUSH_LIKE, queue(profile=LongRunning(max_runtime=timedelta(hours=1))), False),
    "push-like-deliveries": (PUSH_LIKE, queue(lifecycle=Lifecycle(max_attempts=200)), False),
    "push-like-lease": (PUSH_LIKE, queue(), True),
    "push-like-call": (PUSH_LIKE, call_by_schedule, True),
    "push-like-one-shot": (PUSH_LIKE, schedule(OneShot(datetime(2027, 1, 1, tzinfo=UTC))), False),
    "push-like-interval": (PUSH_LIKE, schedule(Interval(timedelta(minutes=7))), False),
    "push-like-jitter": (PUSH_LIKE, schedule(_NIGHTLY, jitter=timedelta(minutes=5)), False),
    "bare-everything": (BARE, everything, True),
}


def application_of(demand: Demand) -> values.Application:
    """Make an application of one service with one demand."""
    service = ServiceBuilder("Shop")
    demand(service)
    return Application("shop", [service]).model


def accepting() -> Demand:
    """Demand a queue behind a command that answers 202."""

    def declare(service: ServiceBuilder) -> None:
        jobs = service.queue("shop.orders", str)
        jobs.worker(name="fulfil")(listener())
        command = service.command("accept", str, str, http=Post("/orders", mode="async"))
        command.handler(can_enqueue=[jobs])(worker())

    return declare
