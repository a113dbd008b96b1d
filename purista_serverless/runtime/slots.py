"""The slots of a schedule in milliseconds, over the engine's datetimes."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from purista_serverless.schedule.occurrences import Occurrences

if TYPE_CHECKING:
    from purista_serverless.schedule.expressions import DstPolicy, Expression


class ExpressionSlots:
    """Slots of an expression in a zone."""

    __slots__ = ("_occurrences",)

    def __init__(self, expression: "Expression", timezone: str, policy: "DstPolicy") -> None:
        self._occurrences = Occurrences(expression, timezone, policy)

    def newest(self, after: int, until: int, limit: int) -> tuple[int, ...]:
        """Give the newest slots in ``(after, until]``, oldest first."""
        if until <= after:
            return ()
        return tuple(_milliseconds(slot) for slot in self._occurrences.newest(_instant(after), _instant(until), limit))

    def next_after(self, instant: int) -> int | None:
        """Give the first slot after an instant."""
        found = self._occurrences.next_after(_instant(instant))
        return None if found is None else _milliseconds(found)

    def is_slot(self, instant: int) -> bool:
        """Say whether an instant is a slot."""
        return self._occurrences.is_occurrence(_instant(instant))


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
