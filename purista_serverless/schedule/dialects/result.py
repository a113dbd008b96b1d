"""What a translation yields: expressions that fire at the same instants, or a refusal that says why not."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """Expressions of another scheduler whose firings, taken together, are exactly the slots.

    Attributes:
        dialect: Name of the dialect, ``aws`` for instance.
        expressions: One or more; the slots are the union of their firings.
        timezone: Zone that the other scheduler has to evaluate them in; not always the schedule's own.
        notes: What else has to be set, or is worth knowing, one sentence each.
    """

    dialect: str
    expressions: tuple[str, ...]
    timezone: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No expression of the dialect fires at exactly the slots.

    Attributes:
        dialect: Name of the dialect.
        reason: Why, one sentence.
        fix: What to declare instead, one sentence.
    """

    dialect: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knocks:
    """Expressions that fire at each of the slots and at other times too, where a gate has nothing to start.

    Attributes:
        dialect: Name of the dialect.
        expressions: One or more; every slot is among their firings, or less than a minute before one.
        timezone: Zone that the other scheduler has to evaluate them in.
        how: What the other scheduler is made to do, one sentence.
    """

    dialect: str
    expressions: tuple[str, ...]
    timezone: str
    how: str


Outcome: TypeAlias = Translation | Refusal
