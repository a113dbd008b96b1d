"""Schedules that a provider keeps, brought to what is declared: compared first, then changed one by one.

For teams that manage schedules apart from the rest of a deployment. Only schedules of the application's own are ever
touched: a provider's scheduler tells which those are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, assert_never

from purista_serverless.errors import CheckFailed, Problem

ActionKind = Literal["create", "update", "delete"]

# What a field of a kept schedule may hold, so that two can be compared and shown.
Value: TypeAlias = str | int | None

_TAKEN = "PS290"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """A schedule as a provider keeps it, or is to keep it.

    Attributes:
        name: Its name at the provider.
        schedule: Name of the declared schedule, ``Billing.1.monthly``; empty if it is not one of this application's.
        fields: What it consists of, in a form that is the same for equal schedules.
        where: Where it is declared, ``file:line``; empty for one that was found.
    """

    name: str
    schedule: str
    fields: Mapping[str, Value]
    where: str = ""


class ProviderScheduler(Protocol):
    """What a provider keeps schedules in. Every call acts before it returns."""

    @property
    def place(self) -> str:
        """Give where it is, for people."""
        ...

    def wanted(self) -> Sequence[KeptSchedule]:
        """Give what it is to keep."""
        ...

    def kept(self) -> Iterable[KeptSchedule]:
        """Give what it keeps, also what is somebody else's."""
        ...

    def create(self, schedule: KeptSchedule) -> None:
        """Make a schedule; one of that name that was made meanwhile is brought to the same."""
        ...

    def update(self, schedule: KeptSchedule, changed: Sequence[str]) -> None:
        """Change the named fields of a schedule."""
        ...

    def delete(self, schedule: KeptSchedule) -> None:
        """Delete a schedule; one that is gone already is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do.

    Attributes:
        kind: What.
        target: The schedule as it is to be; of a deletion, as it is.
        changes: The fields that differ, each with its value now and then.
    """

    kind: ActionKind
    target: KeptSchedule
    changes: tuple[tuple[str, Value, Value], ...] = ()

    @property
    def what(self) -> str:
        """Say what changes, ``expression: 0 3 * * * -> 0 4 * * *`` for instance."""
        return "; ".join(f"{name}: {_shown(now)} -> {_shown(then)}" for name, now, then in self.changes)


def _shown(value: Value) -> str:
    return "nothing" if value is None or value == "" else str(value)


def compare(scheduler: ProviderScheduler) -> tuple[Action, ...]:
    """Give what has to be done so that a provider keeps what is declared, sorted by name.

    Args:
        scheduler: Where schedules are kept.

    Raises:
        CheckFailed: Names that are needed belong to schedules of somebody else; tells all of them.
        ProviderRefused: The provider does not let us look.
        Unavailable: It cannot be reached.
    """
    kept = {one.name: one for one in scheduler.kept()}
    wanted = {one.name: one for one in scheduler.wanted()}
    taken = [name for name in sorted(wanted) if name in kept and not kept[name].schedule]
    if taken:
        raise CheckFailed(scheduler.place, [_problem(wanted[name], scheduler.place) for name in taken])
    made = [_made(one, kept.get(name)) for name, one in wanted.items()]
    gone = [Action(kind="delete", target=one) for name, one in kept.items() if one.schedule and name not in wanted]
    return tuple(sorted((one for one in (*made, *gone) if one is not None), key=lambda action: action.target.name))


def _made(wanted: KeptSchedule, kept: KeptSchedule | None) -> Action | None:
    if kept is None:
        return Action(kind="create", target=wanted)
    changes = tuple(
        (name, kept.fields.get(name), value) for name, value in wanted.fields.items() if kept.fields.get(name) != value
    )
    return Action(kind="update", target=wanted, changes=changes) if changes else None


def _problem(wanted: KeptSchedule, place: str) -> Problem:
    return Problem(
        code=_TAKEN,
        where=wanted.where,
        what=f"{wanted.schedule} is to be {wanted.name} in {place}, which exists and is not of this application",
        fix="delete or rename that one, or deploy under another prefix",
    )


def carry_out(actions: Iterable[Action], scheduler: ProviderScheduler) -> None:
    """Do what has to be done; what was done before a failure stays done, and doing it all again goes on from there.

    Raises:
        ProviderRefused: The provider does not accept an action.
        Unavailable: It cannot be reached.
    """
    for action in actions:
        match action.kind:
            case "create":
                scheduler.create(action.target)
            case "update":
                scheduler.update(action.target, [name for name, _, _ in action.changes])
            case "delete":
                scheduler.delete(action.target)
            case _:
                assert_never(action.kind)


def shape_of(action: Action) -> dict[str, Any]:
    """Give an action for programs."""
    changes = [{"field": name, "now": now, "then": then} for name, now, then in action.changes]
    return {
        "action": action.kind,
        "name": action.target.name,
        "schedule": action.target.schedule,
        "changes": changes,
    }
