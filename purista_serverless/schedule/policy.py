"""Which due slots start: the table of overlap and missed-run policies, as one pure function.

+------------------------+------------------------+--------------------+-------------------------------------------+
|                        | skip                   | runOnce            | catchUp                                   |
+========================+========================+====================+===========================================+
| candidates             | slots not too late     | the newest         | the newest N, oldest first                |
| allow                  | start                  | start              | start all, in order                       |
| forbid, a run is open  | record it as skipped   | record as skipped  | wait; the run that closes starts the next |
| replace, a run is open | supersede it, start    | supersede, start   | only the newest starts                    |
+------------------------+------------------------+--------------------+-------------------------------------------+
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

ConcurrencyPolicy = Literal["allow", "forbid", "replace"]
MissedRunPolicy = Literal["skip", "runOnce", "catchUp"]


class Start:
    """Start a run for the slot; open runs are superseded first when ``supersede`` is set."""

    __slots__ = ("slot", "supersede")
    __match_args__ = ("slot", "supersede")

    def __init__(self, slot: int, *, supersede: bool = False) -> None:
        self.slot = slot
        self.supersede = supersede

    def __repr__(self) -> str:
        return f"Start({self.slot}, supersede={self.supersede})"


class Skip:
    """Record that the slot is skipped because a run is open."""

    __slots__ = ("slot",)
    __match_args__ = ("slot",)

    def __init__(self, slot: int) -> None:
        self.slot = slot

    def __repr__(self) -> str:
        return f"Skip({self.slot})"


class PassOver:
    """Record that the slot is superseded without having run, because a newer one starts."""

    __slots__ = ("slot",)
    __match_args__ = ("slot",)

    def __init__(self, slot: int) -> None:
        self.slot = slot

    def __repr__(self) -> str:
        return f"PassOver({self.slot})"


class Wait:
    """Start nothing until a run closes; the slots stay due."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Wait()"


Step = Start | Skip | PassOver | Wait


def candidates(
    due: "Sequence[int]", missed_runs: MissedRunPolicy, *, now: int, max_lateness: int, max_catch_up_count: int
) -> tuple[int, ...]:
    """Give the due slots that are considered at all, oldest first; the others are dropped.

    Args:
        due: Slots after the watermark up to now, ascending, in milliseconds; the newest ones suffice.
        missed_runs: The missed-run policy.
        now: The time, in milliseconds.
        max_lateness: How late a slot may start under ``skip``, in milliseconds.
        max_catch_up_count: How many slots ``catchUp`` considers.
    """
    match missed_runs:
        case "skip":
            return tuple(slot for slot in due if now - slot <= max_lateness)
        case "runOnce":
            return tuple(due[-1:])
        case "catchUp":
            return tuple(due[-max_catch_up_count:])


def next_step(
    slots: "Sequence[int]", concurrency: ConcurrencyPolicy, missed_runs: MissedRunPolicy, *, run_is_open: bool
) -> Step | None:
    """Give the next step for the oldest candidate, or ``None`` when there is none.

    Args:
        slots: What ``candidates`` gave, less the slots already handled.
        concurrency: The concurrency policy.
        missed_runs: The missed-run policy.
        run_is_open: Whether an earlier run of this schedule is still open.
    """
    if not slots:
        return None
    slot = slots[0]
    if concurrency == "replace" and missed_runs == "catchUp" and len(slots) > 1:
        return PassOver(slot)
    if not run_is_open or concurrency == "allow":
        return Start(slot)
    if concurrency == "replace":
        return Start(slot, supersede=True)
    return Wait() if missed_runs == "catchUp" else Skip(slot)
