"""The applications of the schedule suite: a schedule that starts rounds, by event, by queue or by command."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from purista_serverless.application import Application
from purista_serverless.builder.handles import Command, Queue
from purista_serverless.builder.options import Backoff, Lifecycle, ResultEvents
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.values import Schedule
from purista_serverless.model import IdempotencyMode
from purista_serverless.runtime.context import Context
from purista_serverless.testing.contracts.script import Logbook, Report, Step, Task, conclude

Kind: TypeAlias = Literal["event", "queue", "command"]
KINDS: tuple[Kind, ...] = ("event", "queue", "command")

DUE = "contract.roundDue"
QUEUE = "contract.rounds"
PATIENT = Lifecycle(max_attempts=3, backoff=Backoff(jitter=0))
BRIEF = (Step(takes=10),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """An application with one schedule. ``edge`` is where its work is done; ``queue`` is ``None`` for a command."""

    application: Application
    schedule: Schedule
    edge: str
    queue: Queue[Task, Report] | None


def rounds(
    kind: Kind,
    *,
    steps: Mapping[str, tuple[Step, ...]] | None = None,
    expression: Any = "* * * * *",
    idempotency: IdempotencyMode = "advisory",
    **options: Any,
) -> Rounds:
    """Build the application.

    Args:
        kind: What the schedule does at each slot.
        steps: What the work of a slot does, by its local time (``"12:01"``); ten seconds of success when not given.
        expression: When.
        idempotency: Mode of the queue.
        options: Further options of the schedule.
    """
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    schedule = service.schedule("rounds", "Starts a round at each slot")
    options = {"expression": expression, "payload": payload_of(steps or {}), **options}
    if kind == "command":
        command = service.command("round", Task, Report, "One round", timeout=timedelta(minutes=9))
        command.handler()(scripted_round())
        declared = schedule.invoke(command, **options)
        return Rounds(
            application=Application("contract", [service]),
            schedule=declared,
            edge=f"call:{declared.full_name}",
            queue=None,
        )
    queue = round_queue(service, idempotency=idempotency)
    queue.worker()(scripted_round())
    if kind == "event":
        due = service.event(DUE, Task, "A round is due")
        service.bind_event_to_queue(due, queue)
        declared = schedule.emit_event(due, **options)
    else:
        declared = schedule.enqueue(queue, **options)
    return Rounds(
        application=Application("contract", [service]), schedule=declared, edge=f"queue:{queue.name}", queue=queue
    )


def parametrised_rounds(kind: Kind, parameter: Callable[[datetime], Task] | Task) -> Rounds:
    """Build an application whose rounds take a parameter besides their payload; an event cannot have one."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    schedule = service.schedule("rounds", "Starts a round at each slot")

    def run_round(ctx: Context, task: Task, parameter: Task, *, logbook: Logbook) -> None:  # noqa: ARG001 - a handler takes three
        logbook.note((task.name, parameter.name))

    options: Any = {"expression": "* * * * *", "payload": payload_of({}), "parameter": parameter}
    queue: Any = None
    if kind == "command":
        command = service.command("round", Task, None, "One round", parameter=Task)
        command.handler()(run_round)
        declared = schedule.invoke(command, **options)
    else:
        queue = service.queue(QUEUE, Task, "Rounds", parameter=Task)
        queue.worker()(run_round)
        declared = schedule.enqueue(queue, **options)
    edge = f"call:{declared.full_name}" if kind == "command" else f"queue:{QUEUE}"
    return Rounds(application=Application("contract", [service]), schedule=declared, edge=edge, queue=queue)


def round_queue(service: ServiceBuilder, name: str = QUEUE, **options: Any) -> Queue[Task, Report]:
    """Declare a queue of rounds."""
    results = ResultEvents(Report, completed=f"{name}.completed", cancelled=f"{name}.cancelled")
    queue: Queue[Task, Report] = service.queue(name, Task, "Rounds", lifecycle=PATIENT, result=results, **options)
    return queue


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRounds:
    """An application whose schedule emits an event, with the queues that are bound to it."""

    application: Application
    schedule: Schedule
    queues: tuple[Queue[Task, Report], ...]


def fanned_rounds(paces: Sequence[int], **options: Any) -> BoundRounds:
    """Bind one queue per pace to the event; ``paces`` are the seconds that the jobs of each queue take."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    due = service.event(DUE, Task, "A round is due")
    queues = tuple(round_queue(service, f"{QUEUE}{number}") for number in range(len(paces)))
    for queue, pace in zip(queues, paces, strict=True):
        service.bind_event_to_queue(due, queue)
        queue.worker(name=f"worker{pace}")(scripted_round(pace))
    options = {"payload": payload_of({"12:01": (Step(takes=0),)}), **options}
    schedule = service.schedule("rounds", "Starts a round at each slot").emit_event(due, **options)
    return BoundRounds(application=Application("contract", [service]), schedule=schedule, queues=queues)


def bound_rounds(
    *, steps: Mapping[str, tuple[Step, ...]] | None = None, binding: Mapping[str, Any], **options: Any
) -> BoundRounds:
    """Bind one queue to the event; ``binding`` are options of ``bind_event_to_queue``."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    due = service.event(DUE, Task, "A round is due")
    queue = round_queue(service)
    service.bind_event_to_queue(due, queue, **binding)
    queue.worker()(scripted_round())
    options = {"payload": payload_of(steps or {}), **options}
    schedule = service.schedule("rounds", "Starts a round at each slot").emit_event(due, **options)
    return BoundRounds(application=Application("contract", [service]), schedule=schedule, queues=(queue,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContendedRounds:
    """A schedule that enqueues to a strict queue, and a command that enqueues the same work."""

    application: Application
    schedule: Schedule
    order: Command[Task, str]


def contended_rounds(**options: Any) -> ContendedRounds:
    """Build the application; the name of a task is its key."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    queue = round_queue(service, idempotency="strict")
    queue.worker()(scripted_round())
    order = service.command("order", Task, str, "Enqueue a round by hand")

    @order.handler(can_enqueue=[queue])
    def place(ctx: Context, task: Task) -> str:
        return ctx.enqueue(queue, task, idempotency_key=task.name)

    options = {"payload": payload_of({}), "idempotency_key": "payload.name", **options}
    schedule = service.schedule("rounds", "Starts a round at each slot").enqueue(queue, **options)
    return ContendedRounds(application=Application("contract", [service]), schedule=schedule, order=order)


def payload_of(steps: Mapping[str, tuple[Step, ...]]) -> Callable[[datetime], Task]:
    """Give the payload function of a schedule: each slot's task is named by its local time."""

    def payload(slot: datetime) -> Task:
        name = f"{slot:%H:%M}"
        return Task(name=name, steps=steps.get(name, BRIEF))

    return payload


def scripted_round(pace: int = 0) -> Callable[..., Coroutine[Any, Any, Report]]:
    """Give a handler that does what its task says, and notes at its end whether it was asked to stop.

    A run takes ``pace`` seconds besides what its task asks for.
    """

    async def run_round(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("round", ctx, task.name)
        await asyncio.sleep(pace + task.step(run).takes)
        logbook.note((task.name, run, ctx.cancel_requested()))
        return conclude(task, run)

    return run_round
