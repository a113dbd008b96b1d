"""The applications of the host suite: scripted handlers of each kind, and one that uses all that a context can do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

from purista_serverless.application import Application
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.options import Backoff, Lifecycle, Post
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.values import Config, Secret
from purista_serverless.errors import HandledError
from purista_serverless.message.identity import HttpRequest, Identity
from purista_serverless.runtime.context import Context
from purista_serverless.testing.contracts.script import Logbook, Report, Task, conclude, task

COMMAND_EDGE = "command:Contract.1.answer"
QUEUE_EDGE = "queue:contract.jobs"
EVENT_EDGE = "subscription:Contract.1.listen"
USING_EDGE = "command:Contract.1.use"
ROUTES = {COMMAND_EDGE: "/answer", USING_EDGE: "/use"}
PATIENT = Lifecycle(max_attempts=3, backoff=Backoff(jitter=0))

FORBIDDEN = "forbidden"


def identify(request: HttpRequest) -> Identity | None:
    """Know a caller by a token that is its principal and its tenant, ``p@t``: for hosts that leave this to us."""
    principal_id, _, tenant_id = (request.bearer_token or "").partition("@")
    return Identity(principal_id=principal_id, tenant_id=tenant_id) if principal_id and tenant_id else None


def hosted(*, is_async: bool = False, guard: Callable[..., Any] | None = None) -> Application:
    """Build an application with a command, a worker and a subscription that follow scripts, behind a guard each."""
    before = [guard or refuse_forbidden]
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    happened = service.event("contract.happened", Task, "Something happened")
    answer = service.command(
        "answer",
        Task,
        Report,
        "Answer as the script says",
        success_event="contract.answered",
        http=Post(ROUTES[COMMAND_EDGE]),
    )
    queue = service.queue("contract.jobs", Task, "Scripted jobs", result=Report, lifecycle=PATIENT)
    answer.handler(before=before, after=[note_result])(reporter(is_async=is_async))
    queue.worker(before=before)(reporter(is_async=is_async))
    service.subscribe(happened, "listen", lifecycle=PATIENT, before=before)(listener(is_async=is_async))
    return Application("contract", [service], authenticate=identify)


def refuse_forbidden(ctx: Context, payload: Task) -> None:
    """Guard a handler: nobody may handle what is forbidden."""
    if payload.name == FORBIDDEN:
        raise HandledError(403, f"not for {ctx.principal_id}")


def awaited_guards() -> dict[str, Callable[..., Any]]:
    """Give guards that refuse what is forbidden once they are awaited, in every form that a callable takes."""
    return {
        "function": _refuse_later,
        "partial": partial(_refuse_later, reason="not for"),
        "decorated": _noted(_refuse_later),
        "object": _Refusal(),
        "bound": _Refusal().refuse,
    }


async def _refuse_later(ctx: Context, payload: Task, *, reason: str = "not for") -> None:
    if payload.name == FORBIDDEN:
        raise HandledError(403, f"{reason} {ctx.principal_id}")


def _noted(guard: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(guard)
    def noted(ctx: Context, payload: Task) -> Any:
        return guard(ctx, payload)

    return noted


class _Refusal:
    async def __call__(self, ctx: Context, payload: Task) -> None:
        await self.refuse(ctx, payload)

    async def refuse(self, ctx: Context, payload: Task) -> None:
        await _refuse_later(ctx, payload)


def note_result(ctx: Context, result: Report, payload: Task) -> None:
    """Look at a result before it leaves: some must not."""
    if result.name == "withheld":
        raise HandledError(451, f"withheld from {ctx.principal_id}: {payload.name}")


def reporter(*, is_async: bool) -> Callable[..., Any]:
    """Give a scripted handler that returns a report."""

    def report(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        return conclude(task, logbook.enter("report", ctx, task.name))

    async def async_report(ctx: Context, task: Task, *, logbook: Logbook) -> Report:
        return conclude(task, logbook.enter("report", ctx, task.name))

    return async_report if is_async else report


def listener(*, is_async: bool) -> Callable[..., Any]:
    """Give a scripted handler that returns nothing."""

    def listen(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        conclude(task, logbook.enter("listen", ctx, task.name))

    async def async_listen(ctx: Context, task: Task, *, logbook: Logbook) -> None:
        conclude(task, logbook.enter("listen", ctx, task.name))

    return async_listen if is_async else listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a handler can use."""

    event: Event[Task]
    queue: Queue[Task, None]
    command: Command[Task, Report]
    config: Config[int]
    secret: Secret


def using(*, is_async: bool = False, is_declared: bool = True) -> Application:
    """Build an application whose command ``use`` uses what its task names, declared or not."""
    service = ServiceBuilder("Contract")
    service.resource("logbook", Logbook, Logbook)
    means = Means(
        event=service.event("contract.happened", Task, "Something happened"),
        queue=service.queue("contract.jobs", Task, "Jobs"),
        command=service.command("answer", Task, Report, "Answer"),
        config=service.config("limit", int),
        secret=service.secret("token"),
    )
    means.command.handler()(reporter(is_async=is_async))
    means.queue.worker()(listener(is_async=is_async))
    use = service.command("use", Task, Report, "Use what the task names", http=Post(ROUTES[USING_EDGE]))
    grants: dict[str, Any] = _grants(means) if is_declared else {}
    use.handler(**grants)(_async_user(means) if is_async else _user(means))
    return Application("contract", [service], authenticate=identify)


def _grants(means: Means) -> dict[str, Any]:
    return {
        "can_emit": [means.event],
        "can_enqueue": [means.queue],
        "can_invoke": [means.command],
        "uses": [means.config, means.secret],
    }


def _user(means: Means) -> Callable[..., Any]:
    def use(ctx: Context, given: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("use", ctx, given.name)
        match given.name:
            case "emit":
                logbook.note(ctx.emit(means.event, task("sent")))
            case "enqueue":
                logbook.note(ctx.enqueue(means.queue, task("sent")))
            case "invoke":
                report = ctx.invoke(means.command, task("sent"))
                logbook.note(report)
            case "config":
                logbook.note(ctx.config(means.config))
            case _:
                logbook.note(ctx.secret(means.secret))
        return Report(name=given.name, runs=run)

    return use


def _async_user(means: Means) -> Callable[..., Any]:
    async def use(ctx: Context, given: Task, *, logbook: Logbook) -> Report:
        run = logbook.enter("use", ctx, given.name)
        match given.name:
            case "emit":
                logbook.note(await ctx.aemit(means.event, task("sent")))
            case "enqueue":
                logbook.note(await ctx.aenqueue(means.queue, task("sent")))
            case "invoke":
                report = await ctx.ainvoke(means.command, task("sent"))
                logbook.note(report)
            case "config":
                logbook.note(ctx.config(means.config))
            case _:
                logbook.note(ctx.secret(means.secret))
        return Report(name=given.name, runs=run)

    return use
