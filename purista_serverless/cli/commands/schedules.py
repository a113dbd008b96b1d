"""``schedules``: what starts by the clock."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from purista_serverless.cli.command import Command, Group, with_project
from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.cli.output import instant, moment, show, table
from purista_serverless.cli.project import Project
from purista_serverless.cli.providers import adapter_of
from purista_serverless.cli.values import Instant, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from purista_serverless.adapters.embedded.schedules import ScheduleSummary
    from purista_serverless.model import Schedule
    from purista_serverless.synth.reconciliation import Action, ActionKind, ProviderScheduler

F = TypeVar("F", bound=Callable[..., Any])

_SHAPE_OF_LIST = """
[
  {"schedule": "Orders.1.standingOrder", "expression": "...", "timezone": "Europe/Berlin", "target": "...",
   "enabled": true, "next": "2026-01-05T05:00:00.000Z", "watermark": null, "openRuns": []}
]
"""

_SHAPE_OF_NEXT = """
[
  {"schedule": "Orders.1.standingOrder", "slot": "2026-01-05T05:00:00.000Z", "local": "2026-01-05T06:00:00+01:00",
   "timezone": "Europe/Berlin"}
]
"""

_SHAPE_OF_TRIGGER = """
{"schedule": "Orders.1.standingOrder", "slot": "2026-01-05T05:00:00.000Z"}
"""

_SHAPE_OF_ACTIONS = """
[
  {"action": "create | update | delete", "name": "shop-Orders-1-standingOrder",
   "schedule": "Orders.1.standingOrder", "changes": [{"field": "cron", "now": "0 5 * * 1", "then": "0 6 * * 1"}]}
]
"""


@click.group(cls=Group)
def schedules() -> None:
    """See what starts by the clock, start it, keep clouds in step."""


def with_scheduler(function: F) -> F:
    """Add the options of a project, ``--provider`` and ``--stack``, and give the function ``scheduler`` instead."""

    @click.option("--provider", required=True, metavar="NAME", help="Whose clock it is: aws or gcp.")
    @click.option(
        "--stack", metavar="NAME", help="The deployed stack, on Google Cloud its prefix; the project's when omitted."
    )
    @with_project
    @wraps(function)
    def with_its_scheduler(*, project: Project, provider: str, stack: str | None, **options: Any) -> Any:
        with _opened(project, provider, stack) as scheduler:
            return function(scheduler=scheduler, **options)

    return with_its_scheduler  # type: ignore[return-value]


@contextmanager
def _opened(project: Project, provider: str, stack: str | None) -> "Iterator[ProviderScheduler]":
    from purista_serverless.adapter import load_object
    from purista_serverless.synth.blueprint import draw
    from purista_serverless.synth.check import verified

    adapter = adapter_of(project, provider)
    if adapter.scheduler is None:
        fix = "name a provider with a clock of its own, such as aws or gcp"
        raise Failure(f"{adapter.name} has no clock whose schedules are managed apart", fix=fix, code=ExitCode.USAGE)
    blueprint = draw(project.model, adapter)
    verified(blueprint, strict=False)
    with load_object(adapter.scheduler)(blueprint, stack) as scheduler:
        yield scheduler


@schedules.command("list", cls=Command, example="schedules list", shape=_SHAPE_OF_LIST)
@with_project
def list_schedules(*, project: Project) -> None:
    """List the schedules, when they start next and which of their runs have not ended."""
    from purista_serverless.adapters.embedded.schedules import list_schedules

    with project.host_to_look_at() as host:
        found = list_schedules(host)
    rows = [
        (
            row.name,
            row.expression,
            row.timezone,
            row.target,
            moment(row.next) if row.enabled else "disabled",
            ", ".join(str(moment(slot)) for slot in row.open_runs),
        )
        for row in found
    ]
    headings = ("schedule", "expression", "zone", "starts", "next (UTC)", "open runs (UTC)")
    show([_shape(row) for row in found], table(headings, rows, empty="no schedule is declared"))


@schedules.command("next", cls=Command, example="schedules next Orders.1.standingOrder --count 3", shape=_SHAPE_OF_NEXT)
@click.argument("names", metavar="[SCHEDULE]...", nargs=-1)
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="Slots per schedule.")
@click.option("--after", type=Instant(), help="Slots after this ISO 8601 time; now when omitted.")
@with_project
def next_slots(*, project: Project, names: tuple[str, ...], count: int, after: datetime | None) -> None:
    """Tell when schedules start next, in their own zone and in UTC.

    All enabled schedules when none is named. Clock changes are treated as each schedule declares.
    """
    found = list(_slots(project, names, count, after or datetime.now(UTC)))
    rows = [
        (schedule.name, f"{slot:%a %Y-%m-%d %H:%M %Z}", schedule.timezone, f"{slot.astimezone(UTC):%Y-%m-%d %H:%M}")
        for schedule, slot in found
    ]
    shapes = [
        {
            "schedule": schedule.name,
            "slot": instant(round(slot.timestamp() * 1000)),
            "local": slot.isoformat(),
            "timezone": schedule.timezone,
        }
        for schedule, slot in found
    ]
    show(shapes, table(("schedule", "local time", "zone", "UTC"), rows, empty="nothing starts any more"))


@schedules.command("trigger", cls=Command, example="schedules trigger Orders.1.standingOrder", shape=_SHAPE_OF_TRIGGER)
@click.argument("name", metavar="SCHEDULE")
@with_project
def trigger(*, project: Project, name: str) -> None:
    """Start a schedule once, now, whatever its timetable says.

    Policies for overlapping and missed runs are for the timetable only, and that goes on as it was.
    """
    from purista_serverless.adapters.embedded.schedules import trigger_schedule

    known("schedule", name, {schedule.name: schedule for schedule in project.model.schedules})
    with project.host() as host:
        slot = trigger_schedule(host, name)
    show({"schedule": name, "slot": instant(slot)}, f"started {name} for {moment(slot)} UTC")


@schedules.command("diff", cls=Command, example="schedules diff --provider gcp", shape=_SHAPE_OF_ACTIONS)
@with_scheduler
def diff_kept(*, scheduler: "ProviderScheduler") -> None:
    """Tell what a provider's clock keeps otherwise than it is declared; nothing is changed.

    For schedules that are deployed apart from the rest, see `schedules_apart` among the provider's options. Exits with
    5 if something differs.
    """
    from purista_serverless.synth.reconciliation import compare

    actions = compare(scheduler)
    _show_actions(actions, f"{scheduler.place}: nothing differs")
    click.get_current_context().exit(int(ExitCode.DIFFERENT if actions else ExitCode.DONE))


@schedules.command("apply", cls=Command, example="schedules apply --provider gcp", shape=_SHAPE_OF_ACTIONS)
@with_scheduler
def apply_declared(*, scheduler: "ProviderScheduler") -> None:
    """Make and change a provider's schedules as they are declared; what is no longer declared stays until `prune`.

    Schedules of others are never touched. Applying twice changes nothing the second time.
    """
    _carry_out(scheduler, ("create", "update"))


@schedules.command("prune", cls=Command, example="schedules prune --provider gcp", shape=_SHAPE_OF_ACTIONS)
@with_scheduler
def prune_kept(*, scheduler: "ProviderScheduler") -> None:
    """Delete those of the application's schedules at a provider that are no longer declared."""
    _carry_out(scheduler, ("delete",))


def _carry_out(scheduler: "ProviderScheduler", kinds: "tuple[ActionKind, ...]") -> None:
    from purista_serverless.synth.reconciliation import carry_out, compare

    actions = [action for action in compare(scheduler) if action.kind in kinds]
    carry_out(actions, scheduler)
    _show_actions(actions, f"{scheduler.place}: nothing to do")


def _show_actions(actions: "Iterable[Action]", nothing: str) -> None:
    from purista_serverless.synth.reconciliation import shape_of

    rows = [(action.kind, action.target.name, action.target.schedule, action.what) for action in actions]
    shapes = [shape_of(action) for action in actions]
    show(shapes, table(("action", "name", "schedule", "what"), rows, empty=nothing))


def _slots(
    project: Project, names: tuple[str, ...], count: int, after: datetime
) -> "Iterator[tuple[Schedule, datetime]]":
    from purista_serverless.schedule.occurrences import Occurrences

    declared = {schedule.name: schedule for schedule in project.model.schedules}
    chosen = [known("schedule", name, declared) for name in names] or [
        schedule for schedule in declared.values() if schedule.enabled
    ]
    for schedule in chosen:
        occurrences = Occurrences(schedule.expression, schedule.timezone, schedule.dst)
        yield from ((schedule, slot) for slot in islice(occurrences.after(after), count))


def _shape(row: "ScheduleSummary") -> dict[str, Any]:
    return {
        "schedule": row.name,
        "expression": row.expression,
        "timezone": row.timezone,
        "target": row.target,
        "enabled": row.enabled,
        "next": instant(row.next),
        "watermark": instant(row.watermark),
        "openRuns": [instant(slot) for slot in row.open_runs],
    }
