"""What a suite leaves out for an adapter, by name and with its reason: nothing is left out in silence.

Two lists: what the provider does not offer, whoever asks, and what the test backend cannot prove of what it does.
"""

from dataclasses import dataclass
from typing import Literal

import pytest

Kind = Literal["not offered", "unproven"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Tests that are left out.

    Attributes:
        kind: Whose the gap is: the provider's, or the backend's.
        subject: The provider's capability, or the backend.
        tests: Names of test functions.
        case: A part of the id of their case, between hyphens; any case when empty.
        why: The reason, one sentence.
    """

    kind: Kind
    subject: str
    tests: tuple[str, ...]
    why: str
    case: str = ""

    @property
    def reason(self) -> str:
        """Give the reason as a skipped test shows it."""
        return f"{self.kind}: {self.subject}: {self.why}"

    def covers(self, item: pytest.Function) -> bool:
        """Say whether a test is left out."""
        parts = item.name.partition("[")[2].removesuffix("]").split("-")
        return item.originalname in self.tests and (not self.case or self.case in parts)


def mark_gaps(items: list[pytest.Item]) -> None:
    """Skip the tests that the suites of their classes leave out."""
    for item in items:
        if isinstance(item, pytest.Function):
            gaps: tuple[Gap, ...] = getattr(item.cls, "gaps", ())
            for gap in gaps:
                if gap.covers(item):
                    item.add_marker(pytest.mark.skip(reason=gap.reason))


def render_gaps(gaps: tuple[Gap, ...]) -> str:
    """Give a table of gaps for the documents."""
    rows = [
        f"| {gap.subject} | {', '.join(f'`{test}`' for test in gap.tests)}{f' ({gap.case})' if gap.case else ''} "
        f"| {gap.why} |"
        for gap in gaps
    ]
    return "\n".join(("| What | Tests | Why |", "| --- | --- | --- |", *rows)) + "\n"
