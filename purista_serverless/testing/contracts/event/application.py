"""The applications of the event suite: listeners that follow scripts, bindings, and a chain of all kinds of hops."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from purista_serverless.application import Application
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import Backoff, Lifecycle
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.runtime.context import Context
from purista_serverless.schema import Model
from purista_serverless.testing.contracts.script import Logbook, Task, perform

HAPPENED = "contract.happened"
PATIENT = Lifecycle(max_attempts=3, backoff=Backoff(jitter=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """An event with two subscriptions, one that follows the script and one that always succeeds, and a producer.

    ``announce`` is a command that emits the event.
    """

    application: Application
    happened: Event[Task]
    announce: Command[Task, None]
    scripted: Callable[..., Any]
    steady: Callable[..., Any]


def listeners(*, is_async: bool = False, **filters: Any) -> Listeners:
    """Build the application; ``filters`` are those of the scripted subscription."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    happened = service.event(HAPPENED, Task, "Something happened")
    announce = service.command("announce", Task, None, "Emit the event")

    @announce.handler(can_emit=[happened])
    def tell(ctx: Context, task: Task) -> None:
        ctx.emit(happened, task)

    def scripted(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        perform(task.step(logbook.enter("scripted", ctx, task.name)))

    async def async_scripted(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        perform(task.step(logbook.enter("scripted", ctx, task.name)))

    @service.subscribe(happened, "steady", lifecycle=PATIENT)
    def steady(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("steady", ctx, task.name)

    listener = async_scripted if is_async else scripted
    service.subscribe(happened, "scripted", lifecycle=PATIENT, **filters)(listener)
    return Listeners(
        application=Application("contract", [service]),
        happened=happened,
        announce=announce,
        scripted=listener,
        steady=steady,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An event that is bound to a queue."""

    application: Application
    happened: Event[Task]
    queue: Queue[Any, None]
    edge: str


class Detail(Model):
    """The parameter of a bound job."""

    length: int


def bound(payload: Any = Task, parameter: Any = None, **binding: Any) -> Bound:
    """Build the application.

    Args:
        payload: Type of the queue's jobs.
        parameter: Type of their parameter.
        binding: Options of ``bind_event_to_queue``.
    """
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    happened = service.event(HAPPENED, Task, "Something happened")
    queue: Queue[Any, None] = service.queue(
        "contract.bound", payload, "Bound jobs", parameter=parameter, lifecycle=PATIENT
    )
    service.bind_event_to_queue(happened, queue, **{"lifecycle": PATIENT, **binding})

    def work(ctx: Context, job: Any, *, logbook: Logbook) -> None:
        logbook.enter("work", ctx, job.name)

    def work_with(ctx: Context, job: Any, given: Any, *, logbook: Logbook) -> None:
        logbook.enter("work", ctx, job.name)
        logbook.note(given)

    queue.worker(name="work")(work if parameter is None else work_with)
    return Bound(
        application=Application("contract", [service]),
        happened=happened,
        queue=queue,
        edge=f"binding:{HAPPENED}:{queue.name}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """An event whose two subscriptions each emit, enqueue and invoke the same things."""

    application: Application
    happened: Event[Task]
    echoed: Event[Task]
    queue: Queue[Task, None]


def senders() -> Senders:
    """Build the application; what each subscription sends is named after it."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    happened = service.event(HAPPENED, Task, "Something happened")
    echoed = service.event("contract.echoed", Task, "Somebody heard of it")
    queue: Queue[Task, None] = service.queue("contract.echoes", Task, "What somebody heard", tracking="full")
    answer = service.command("answer", Task, None, "Note who asks")

    @answer.handler()
    def note(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("answer", ctx, task.name)

    @queue.worker()
    def work(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("work", ctx, task.name)

    def echo_as(name: str) -> Callable[[Context, Task], None]:
        def echo(ctx: Context, _: Task) -> None:
            ctx.emit(echoed, Task(name=name))
            ctx.enqueue(queue, Task(name=name))
            ctx.invoke(answer, Task(name=name))

        return echo

    for name in ("one", "two"):
        uses: dict[str, Any] = {"can_emit": [echoed], "can_enqueue": [queue], "can_invoke": [answer]}
        service.subscribe(happened, name, lifecycle=PATIENT, **uses)(echo_as(name))
    return Senders(application=Application("contract", [service]), happened=happened, echoed=echoed, queue=queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the handlers of a chain use."""

    service: ServiceBuilder
    began: Event[Task]
    ended: Event[Task]
    begin: Command[Task, None]
    finish: Command[Task, None]
    enqueued: Queue[Task, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One hop of every kind, from a command to a subscription."""

    application: Application
    begin: Command[Task, None]


def chain(*, is_async: bool = False) -> Chain:
    """Build the application: command, event, subscription and binding, job, command, event, subscription."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    links = Links(
        service=service,
        began=service.event("contract.began", Task, "The chain began"),
        ended=service.event("contract.ended", Task, "The chain ended"),
        begin=service.command("begin", Task, None, "Begin the chain"),
        finish=service.command("finish", Task, None, "Finish the chain"),
        enqueued=service.queue("contract.enqueued", Task, "Enqueued by a subscription"),
    )
    bound_queue: Queue[Task, None] = service.queue("contract.chained", Task, "Bound to the event")
    service.bind_event_to_queue(links.began, bound_queue)

    @bound_queue.worker()
    def work_bound(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("bound worker", ctx, task.name)

    @service.subscribe(links.ended, "observe")
    def observe(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("last subscription", ctx, task.name)

    declare = _declare_async_links if is_async else _declare_links
    declare(links)
    return Chain(application=Application("contract", [service]), begin=links.begin)


def _declare_links(links: Links) -> None:
    @links.begin.handler(can_emit=[links.began])
    def start(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("first command", ctx, task.name)
        ctx.emit(links.began, task)

    @links.service.subscribe(links.began, "continueIt", can_enqueue=[links.enqueued])
    def continue_it(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("first subscription", ctx, task.name)
        ctx.enqueue(links.enqueued, task)

    @links.enqueued.worker(can_invoke=[links.finish])
    def work(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("worker", ctx, task.name)
        ctx.invoke(links.finish, task)

    @links.finish.handler(can_emit=[links.ended])
    def end(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("second command", ctx, task.name)
        ctx.emit(links.ended, task)


def _declare_async_links(links: Links) -> None:
    @links.begin.handler(can_emit=[links.began])
    async def start(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("first command", ctx, task.name)
        await ctx.aemit(links.began, task)

    @links.service.subscribe(links.began, "continueIt", can_enqueue=[links.enqueued])
    async def continue_it(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("first subscription", ctx, task.name)
        await ctx.aenqueue(links.enqueued, task)

    @links.enqueued.worker(can_invoke=[links.finish])
    async def work(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("worker", ctx, task.name)
        await ctx.ainvoke(links.finish, task)

    @links.finish.handler(can_emit=[links.ended])
    async def end(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        logbook.enter("second command", ctx, task.name)
        await ctx.aemit(links.ended, task)
