"""The disk: the only module of the build that reads or writes it.

A generated file says so in its first line. Files without that line belong to somebody else and are left alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from purista_serverless.synth.marker import MARKER

__all__ = ["MARKER", "Changes", "compare", "write"]

_ENCODING = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a write did, as sorted paths from the root."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


def write(root: Path, files: Mapping[str, str], *, folders: Sequence[str] = ()) -> Changes:
    r"""Write the files that differ, and remove generated ones that are no longer wanted.

    Args:
        root: Folder that the paths start from.
        files: Texts by path, with forward slashes.
        folders: Folders from the root in which generated files that are not in ``files`` are left over.

    Raises:
        FileExistsError: A path is taken by a file that was not generated; nothing has been written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write(Path(folder), {"handlers/a.py": f"# {MARKER}\n"})
        Changes(written=('handlers/a.py',), removed=())
    """
    _refuse_foreign(root, files)
    changed = tuple(path for path in sorted(files) if _read(root / path) != files[path])
    for path in changed:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path].encode(_ENCODING))
    removed = tuple(_left_over(root, files, folders))
    for path in removed:
        _remove(root, root / path)
    return Changes(written=changed, removed=removed)


def compare(root: Path, files: Mapping[str, str], *, folders: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the paths that a write would change or remove, sorted; the arguments are those of ``write``."""
    changed = (path for path in files if _read(root / path) != files[path])
    return tuple(sorted({*changed, *_left_over(root, files, folders)}))


def read(root: Path, paths: Iterable[str], *, folders: Sequence[str] = ()) -> dict[str, str]:
    """Give the texts of generated files: of those paths as far as they are there, and of all in those folders."""
    named = (path for path in paths if (root / path).is_file() and _is_generated(root / path))
    found = sorted({*named, *_left_over(root, {}, folders)})
    return {path: _read(root / path) or "" for path in found}


def is_generated(text: str) -> bool:
    """Say whether a text is one of ours, by its first line."""
    return MARKER in text.partition("\n")[0]


def _refuse_foreign(root: Path, files: Mapping[str, str]) -> None:
    foreign = sorted(path for path in files if (root / path).exists() and not _is_generated(root / path))
    if foreign:
        listing = ", ".join(foreign)
        raise FileExistsError(f"{listing}: in the way and not generated; move it, or start it with '{MARKER}'")


def _left_over(root: Path, files: Mapping[str, str], folders: Sequence[str]) -> Iterator[str]:
    for folder in sorted(folders):
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if name not in files and path.is_file() and _is_generated(path):
                yield name


def _is_generated(path: Path) -> bool:
    with path.open("rb") as file:
        return MARKER.encode(_ENCODING) in file.readline(1_000)


def _read(path: Path) -> str | None:
    return path.read_bytes().decode(_ENCODING, errors="replace") if path.is_file() else None


def _remove(root: Path, path: Path) -> None:
    """Remove a file, and the folders that it leaves empty."""
    path.unlink()
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
