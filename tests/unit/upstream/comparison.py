"""Compare what upstream produced with what this kit produces in the same situation."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
COPIES = ROOT / "tests" / "fixtures" / "upstream"

ABSENT = "absent"
ADDED = "added"

_IDENTIFIER = re.compile(r"<id\d+>")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")


def reference(name: str) -> Any:
    """Read the copy of a reference file."""
    return json.loads((COPIES / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where the two differ; ``ours`` is what stands there, ``absent`` or ``added``."""

    path: str
    ours: str


def differences(theirs: Any, ours: Any) -> tuple[Difference, ...]:
    """Find all places where two JSON values differ; keys of a path are divided by slashes.

    In the reference ``<id3>`` stands for an identifier: the same one wherever it is repeated below one top-level key.
    ``<epochMs>`` stands for a time.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return tuple(found for key in _keys(theirs, ours) for found in _Walk().below(key, theirs, ours))
    return tuple(_Walk().at("", theirs, ours))


def _keys(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    return sorted(theirs.keys() | ours.keys())


class _Walk:
    """One comparison: which of our identifiers stands for which of theirs."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def below(self, key: str, theirs: dict[str, Any], ours: dict[str, Any], path: str = "") -> Iterator[Difference]:
        """Compare what two objects have under a key."""
        inner = f"{path}/{key}" if path else key
        if key not in ours:
            yield Difference(path=inner, ours=ABSENT)
        elif key not in theirs:
            yield Difference(path=inner, ours=ADDED)
        else:
            yield from self.at(inner, theirs[key], ours[key])

    def at(self, path: str, theirs: Any, ours: Any) -> Iterator[Difference]:
        """Compare two values."""
        match theirs, ours:
            case dict(), dict():
                for key in _keys(theirs, ours):
                    yield from self.below(key, theirs, ours, path)
            case list(), list() if len(theirs) == len(ours):
                for at, (one, other) in enumerate(zip(theirs, ours, strict=True)):
                    yield from self.at(f"{path}/{at}" if path else str(at), one, other)
            case list(), list():
                yield Difference(path=path, ours=f"length {len(ours)}")
            case _:
                if not self._matches(theirs, ours):
                    yield Difference(path=path, ours=json.dumps(ours))

    def _matches(self, theirs: Any, ours: Any) -> bool:
        if theirs == "<epochMs>":
            return isinstance(ours, int)
        if isinstance(theirs, str) and _IDENTIFIER.fullmatch(theirs):
            return isinstance(ours, str) and self._known.setdefault(theirs, ours) == ours
        if isinstance(ours, str):
            ours = _TRACEPARENT.sub("00-<trace>-<span>-01", ours)
        return type(theirs) is type(ours) and bool(theirs == ours)
