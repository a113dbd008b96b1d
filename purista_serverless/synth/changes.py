"""What differs between two builds, and what is dangerous about it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

ChangeKind = Literal["added", "removed", "changed"]
Risk = Literal["replaces-resource", "loses-data", "widens-access", "weakens-retry", "breaks-contract"]

RISKS: dict[Risk, str] = {
    "replaces-resource": "a resource is made anew and the old one deleted: its name, its address and its content go",
    "loses-data": "messages, records or objects are deleted, or are no longer kept as long",
    "widens-access": "somebody may do or reach what was not allowed before",
    "weakens-retry": "a failure is tried less often or for a shorter time, or is not kept",
    "breaks-contract": "others who keep to what was promised are refused or cannot read what they get",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """Why a change needs somebody's consent."""

    risk: Risk
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs.

    Attributes:
        file: Path of the generated file.
        subject: What it is about inside the file: a resource or a contract; empty for the file itself.
        kind: Whether the subject is new, gone or different.
        what: What differs, ``FifoQueue: false -> true`` for instance; empty when ``kind`` says it all.
        dangers: Why it needs consent; empty when nothing is known to be dangerous.
    """

    file: str
    subject: str
    kind: ChangeKind
    what: str = ""
    dangers: tuple[Danger, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that differs between two builds of an application.

    Attributes:
        application: Name of the application.
        adapter: Name of the adapter.
        against: What it is compared with, as a person named it.
        changes: What differs, by file.
    """

    application: str
    adapter: str
    against: str
    changes: tuple[Change, ...]

    @property
    def dangerous(self) -> tuple[Change, ...]:
        """Give the changes that need consent."""
        return tuple(change for change in self.changes if change.dangers)

    def text(self) -> str:
        """Give the changes for people: a line each below their file, reasons indented."""
        lines = [self._headline()]
        for file, changes in groupby(self.changes, key=lambda change: change.file):
            lines += ["", file, *(line for change in changes for line in _lines(change))]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """Give the changes for programs; keys are sorted."""
        shape = {
            "application": self.application,
            "adapter": self.adapter,
            "against": self.against,
            "dangerous": len(self.dangerous),
            "changes": [_shape(change) for change in self.changes],
        }
        return json.dumps(shape, indent=2, sort_keys=True) + "\n"

    def _headline(self) -> str:
        if not self.changes:
            return f"{self.application} on {self.adapter}: nothing differs from {self.against}"
        count = len(self.changes)
        found = f"{count} change{'' if count == 1 else 's'} against {self.against}, {len(self.dangerous)} dangerous"
        return f"{self.application} on {self.adapter}: {found}"


def _lines(change: Change) -> Iterator[str]:
    yield "  " + "  ".join(part for part in (change.kind, change.subject, change.what) if part)
    for danger in change.dangers:
        yield f"    {danger.risk}: {danger.why}"


def _shape(change: Change) -> dict[str, Any]:
    return {
        "file": change.file,
        "subject": change.subject,
        "kind": change.kind,
        "what": change.what,
        "dangers": [{"risk": danger.risk, "why": danger.why} for danger in change.dangers],
    }
