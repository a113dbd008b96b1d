"""A depot that has every kind of edge, and whose handlers do as parcels tell them; nothing has a cause of its own.

Whatever is sent on keeps its padding, so that a parcel which is too large for its edge is so on all edges behind it.
"""

from datetime import datetime, timedelta

from purista_serverless import (
    Application,
    Backoff,
    CancelJob,
    Context,
    Cron,
    Lifecycle,
    Model,
    Post,
    ResultEvents,
    RetryLater,
    ServiceBuilder,
)

# More than a message of SQS or an event of EventBridge holds.
LARGE = "x" * 1_100_000

TWICE = Lifecycle(max_attempts=2, backoff=Backoff(jitter=0))


class Parcel(Model):
    """A parcel.

    Attributes:
        label: Whose it is, for what has an order and what happens once.
        wish: What a handler is to do with it: ``fail``, ``wait`` or ``cancel``; anything else is fine.
        padding: What makes it large.
    """

    label: str
    wish: str = ""
    padding: str = ""


depot = ServiceBuilder("Depot", description="Takes parcels in")
office = ServiceBuilder("Office", description="Is told of parcels")
token, rate = depot.secret("TOKEN"), depot.config("RATE", int, default=1)

arrived = depot.event("depot.arrived", Parcel)
overdue = depot.event("depot.overdue", Parcel)
unpacking = depot.queue("depot.unpacking", Parcel, lifecycle=TWICE)
sorting = depot.queue("depot.sorting", Parcel, ordering_key="payload.label", lifecycle=TWICE)
returning = depot.queue(
    "depot.returning",
    Parcel,
    idempotency="strict",
    lifecycle=TWICE,
    max_delay=timedelta(minutes=5),
    result=ResultEvents(
        Parcel,
        completed="depot.returned",
        failed="depot.notReturned",
        cancelled="depot.kept",
        dead_lettered="depot.lost",
        delivery="required",
    ),
)
accept = depot.command("accept", Parcel, str, http=Post("/parcels", public=True, max_body=2_000_000))
weigh = depot.command("weigh", Parcel, Parcel, success_event="depot.weighed")


def act(parcel: Parcel) -> None:
    """Do as a parcel wishes."""
    match parcel.wish:
        case "fail":
            raise ConnectionError("the scales are broken")
        case "wait":
            raise RetryLater(timedelta(hours=20), "nobody is there")
        case "cancel":
            raise CancelJob("it stays here")
        case _:
            pass


@accept.handler(can_emit=[arrived], can_enqueue=[unpacking, sorting, returning], can_invoke=[weigh], uses=[token, rate])
def take(ctx: Context, parcel: Parcel) -> str:
    """Take a parcel in; whatever is told of it is done by others."""
    ctx.emit(arrived, parcel)
    ctx.enqueue(unpacking, parcel)
    ctx.enqueue(sorting, parcel)
    small = Parcel(label=parcel.label, wish=parcel.wish)
    ctx.enqueue(returning, small, idempotency_key=parcel.label, headers={"note": parcel.padding})
    ctx.invoke(weigh, Parcel(label=parcel.label, padding=parcel.padding))
    return f"{ctx.secret(token)} {ctx.config(rate)}"


@weigh.handler()
def put_on_scales(ctx: Context, parcel: Parcel) -> Parcel:
    """Weigh a parcel."""
    act(parcel)
    return parcel


@unpacking.worker(batch_size=10)
def unpack(ctx: Context, parcel: Parcel) -> None:
    """Unpack a parcel."""
    act(parcel)


@sorting.worker(batch_size=10)
def sort(ctx: Context, parcel: Parcel) -> None:
    """Sort parcels, those of one owner one after the other."""
    act(parcel)


@returning.worker()
def send_back(ctx: Context, parcel: Parcel) -> Parcel:
    """Send a parcel back."""
    act(parcel)
    return Parcel(label=parcel.label)


@office.subscribe(arrived, "greet", lifecycle=TWICE)
def greet(ctx: Context, parcel: Parcel) -> None:
    """Tell an owner."""
    act(parcel)


@office.subscribe(None, "file", sender_service="Depot", lifecycle=TWICE)
def file(ctx: Context, message: dict[str, object]) -> None:
    """File whatever happens."""
    if message.get("wish") == "fail":
        raise ConnectionError("the shelf is full")


def parcel_of(slot: datetime) -> Parcel:
    """Give the parcel of a day; every other day it makes work fail."""
    return Parcel(label=f"{slot:%m-%d}", wish="" if slot.day % 2 else "fail", padding=LARGE)


def late_parcel_of(slot: datetime) -> Parcel:
    """Give the parcel of an hour that nobody takes back before the next one."""
    return Parcel(label=f"late-{slot:%m-%d-%H}", wish="wait", padding=LARGE)


def to_return(parcel: Parcel) -> Parcel:
    """Make the job of a parcel that nobody came for."""
    act(parcel)
    return Parcel(label=f"overdue-{parcel.label}", padding=parcel.padding)


depot.bind_event_to_queue(arrived, unpacking)
depot.bind_event_to_queue(overdue, returning, map_payload=to_return, idempotency_key="payload.label", lifecycle=TWICE)

STATIC = Parcel(label="daily")
depot.schedule("unpackAll").enqueue(unpacking, expression=Cron("0 1 * * *"), payload=STATIC)
depot.schedule("openDoors").emit_event(arrived, expression=Cron("0 2 * * *"), payload=STATIC)
depot.schedule("weighOne").invoke(weigh, expression=Cron("0 3 * * *"), payload=Parcel(label="daily", wish="fail"))
depot.schedule("sortAll").enqueue(sorting, expression=Cron("0 4 * * *"), payload=parcel_of)
depot.schedule("weighAll").invoke(
    weigh,
    expression=Cron("0 5 * * *"),
    payload=parcel_of,
    concurrency_policy="forbid",
    missed_run_policy="catchUp",
)
depot.schedule("lookForOverdue").emit_event(
    overdue,
    expression=Cron("0 6 * * *"),
    payload=parcel_of,
    concurrency_policy="forbid",
    missed_run_policy="catchUp",
)
depot.schedule("sendAllBack").enqueue(
    returning, expression=Cron("0 7,8 * * *"), payload=late_parcel_of, concurrency_policy="replace"
)

app = Application("depot", [depot, office])
