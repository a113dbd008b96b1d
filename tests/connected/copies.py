"""Copies of the repository in which texts are replaced, as a team changes its code between two releases."""

from pathlib import Path

from tests.repo.tree import ROOT, files

Change = tuple[str, str, str]
"""Path of a file, and the text in it that is replaced by another."""

# Folders that no function needs.
_LEFT_OUT = frozenset({"benchmarks", "docs", "tests"})


def copy_repository(folder: Path) -> None:
    """Copy what git knows, as a fresh clone would have it, but for folders that no function needs."""
    for path in files():
        if path.parts[0] in _LEFT_OUT:
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((ROOT / path).read_bytes())
        (folder / path).chmod((ROOT / path).stat().st_mode)


class Sources:
    """A copy of the repository.

    Args:
        folder: Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        copy_repository(folder)
        self.folder = folder
        self._changed: tuple[Change, ...] = ()

    def change(self, *changes: Change) -> None:
        """Replace texts, in files that are otherwise as in the repository."""
        for path, _, _ in (*self._changed, *changes):
            (self.folder / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
        for path, old, new in changes:
            text = (self.folder / path).read_text(encoding="utf-8")
            assert old in text, f"{path} holds no {old!r}"
            (self.folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")
        self._changed = changes
