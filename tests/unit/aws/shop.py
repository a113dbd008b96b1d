"""A shop whose functions are deployed to Lambda: one of each kind, that note what they are given."""

from datetime import datetime, timedelta
from typing import Any

from purista_serverless import (
    Backoff,
    Context,
    Cron,
    Get,
    HandledError,
    HttpRequest,
    Identity,
    Lifecycle,
    Model,
    Post,
    RetryLater,
    ServiceBuilder,
)

BRIEF = Lifecycle(max_attempts=3, backoff=Backoff(jitter=0))


class Note(Model):
    """A text."""

    text: str


class Place(Model):
    """Where a note belongs, and what it is filed under."""

    order_id: str
    tag: tuple[str, ...] = ()
    page: int = 1


class Notes:
    """What handlers were given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []


shop = ServiceBuilder("Shop")
shop.resource("notes", Notes, Notes)
ordered = shop.event("shop.ordered", Note)
packing = shop.queue("shop.packing", Note, lifecycle=BRIEF)
patience = shop.queue("shop.patience", Note, lifecycle=Lifecycle(max_attempts=40))
rounds = shop.queue("shop.rounds", Note, lifecycle=BRIEF)
ordering = shop.queue("shop.ordering", Note, ordering_key="payload.text", lifecycle=BRIEF)
note = shop.command(
    "note", Note, Note, parameter=Place, http=Post("/orders/{orderId}/notes", max_body=1024), success_event="shop.noted"
)
look = shop.command("look", None, Note, http=Get("/latest", public=True))
export = shop.command("export", Note, str, http=Post("/exports", mode="async"))
ask = shop.command("ask", Note, Note, http=Post("/questions", public=True), timeout=timedelta(milliseconds=50))
plain = shop.command("plain", Note, Note)


def act(ctx: Context, given: Note) -> None:
    """Do as a text says."""
    if given.text == "fail":
        raise ValueError("secret detail")
    if given.text == "later":
        raise RetryLater(timedelta(seconds=90), "the store is closed")
    if given.text == "refuse":
        raise HandledError(422, "not such a note")


@note.handler()
def write(ctx: Context, given: Note, place: Place, *, notes: Notes) -> Note:
    """Write a note."""
    notes.seen.append((given.text, place, ctx.tenant_id, ctx.principal_id))
    act(ctx, given)
    return given


@look.handler()
def look_at(ctx: Context, _: None, *, notes: Notes) -> Note:
    """Give the latest note."""
    notes.seen.append((None, None, ctx.tenant_id, ctx.principal_id))
    return Note(text="latest")


@export.handler(can_enqueue=[rounds])
def start_export(ctx: Context, given: Note) -> str:
    """Have something exported."""
    return ctx.enqueue(rounds, given)


@ask.handler()
async def answer(ctx: Context, given: Note, *, notes: Notes) -> Note:
    """Answer a question, some of them never."""
    import asyncio

    notes.seen.append((given.text, None, ctx.tenant_id, ctx.principal_id))
    if given.text == "forever":
        await asyncio.Event().wait()
    act(ctx, given)
    return given


@plain.handler()
def echo(ctx: Context, given: Note) -> Note:
    """Give a note back; no request gets here."""
    return given


@packing.worker(batch_size=10)
def pack(ctx: Context, given: Note, *, notes: Notes) -> None:
    """Pack a note."""
    notes.seen.append(given.text)
    act(ctx, given)


@patience.worker()
def insist(ctx: Context, given: Note, *, notes: Notes) -> None:
    """Try a note often."""
    notes.seen.append(given.text)


@ordering.worker(batch_size=10)
def order(ctx: Context, given: Note, *, notes: Notes) -> None:
    """Note the order of notes."""
    notes.seen.append(given.text)
    act(ctx, given)


@rounds.worker(batch_size=10)
async def go_round(ctx: Context, given: Note, *, notes: Notes) -> None:
    """Make a round together with all others of a batch."""
    import asyncio

    notes.seen.append(f"begin {given.text}")
    await asyncio.sleep(0)
    notes.seen.append(f"end {given.text}")
    act(ctx, given)


@shop.subscribe(ordered, "listen", lifecycle=BRIEF)
def listen(ctx: Context, given: Note, *, notes: Notes) -> None:
    """Listen to orders."""
    notes.seen.append((given.text, ctx.message, ctx.tenant_id))
    act(ctx, given)


def text_of(slot: datetime) -> Note:
    """Give the note of a slot."""
    return Note(text=f"{slot:%Y-%m}")


shop.bind_event_to_queue(ordered, packing)
shop.schedule("hourly").emit_event(ordered, expression=Cron("0 * * * *"), payload=Note(text="hello"))
shop.schedule("nightly").enqueue(packing, expression=Cron("0 1 * * *"), payload=Note(text="hello"))
shop.schedule("daily").invoke(
    note, expression=Cron("0 1 * * *"), payload=Note(text="hello"), parameter=Place(order_id="o-1")
)
shop.schedule("weekly").invoke(
    note, expression=Cron("0 1 * * 1"), payload=Note(text="week"), parameter=Place(order_id="o-2")
)
shop.schedule("monthly").emit_event(
    ordered, expression=Cron("0 1 1 * *"), missed_run_policy="runOnce", jitter=timedelta(minutes=5), payload=text_of
)


def nobody(request: Any) -> None:
    """Know nobody."""


def somebody(request: HttpRequest) -> Identity | None:
    """Believe a header."""
    seen.append(request)
    if request.headers.get("x-name") == "mallory":
        raise HandledError(403, "not you")
    name = request.headers.get("x-name")
    return None if name is None else Identity(principal_id=name, tenant_id="south")


async def somebody_later(request: HttpRequest) -> Identity | None:
    """Do the same for those who have to wait."""
    return somebody(request)


def broken(request: HttpRequest) -> Any:
    """Fail with a detail that must not leave."""
    raise KeyError("secret detail")


def mistaken(request: HttpRequest) -> Any:
    """Give what is no identity."""
    return "ann"


seen: list[HttpRequest] = []
