"""``schedules``: what starts by the clock."""

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from purista_serverless.cli.command import Command, Group, with_project
from purista_serverless.cli.output import instant, moment, show, table
from purista_serverless.cli.project import Project
from purista_serverless.cli.values import Instant, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from purista_serverless.adapters.embedded.schedules import ScheduleSummary
    from purista_serverless.model import Schedule

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


@click.group(cls=Group)
def schedules() -> None:
    """See what starts by the clock, and start it now."""


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
