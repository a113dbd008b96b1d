"""The disk: the only module of the build that reads or writes it.

A generated file says so in its first line. Files without that line belong to somebody else and are left alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import sep, walk
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
    places = {path: root / path for path in sorted(files)}
    found = {path: _bytes_of(place) for path, place in places.items()}
    _refuse_foreign(found)
    wanted = {path: text.encode(_ENCODING) for path, text in files.items()}
    changed = tuple(path for path, content in found.items() if content != wanted[path])
    for folder in sorted({path.rpartition("/")[0] for path in changed}):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path in changed:
        places[path].write_bytes(wanted[path])
    removed = tuple(_left_over(root, files, folders))
    for path in removed:
        _remove(root, root / path)
    return Changes(written=changed, removed=removed)


def compare(root: Path, files: Mapping[str, str], *, folders: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the paths that a write would change or remove, sorted; the arguments are those of ``write``."""
    changed = (path for path, text in files.items() if _bytes_of(root / path) != text.encode(_ENCODING))
    return tuple(sorted({*changed, *_left_over(root, files, folders)}))


def read(root: Path, paths: Iterable[str], *, folders: Sequence[str] = ()) -> dict[str, str]:
    """Give the texts of generated files: of those paths as far as they are there, and of all in those folders."""
    contents = ((path, _bytes_of(root / path)) for path in sorted({*paths, *_left_over(root, {}, folders)}))
    return {
        path: content.decode(_ENCODING, errors="replace")
        for path, content in contents
        if content is not None and _is_ours(content)
    }


def is_generated(text: str) -> bool:
    """Say whether a text is one of ours, by its first line."""
    return MARKER in text.partition("\n")[0]


def _refuse_foreign(found: Mapping[str, bytes | None]) -> None:
    foreign = [path for path, content in found.items() if content is not None and not _is_ours(content)]
    if foreign:
        listing = ", ".join(foreign)
        raise FileExistsError(f"{listing}: in the way and not generated; move it, or start it with '{MARKER}'")


def _is_ours(content: bytes) -> bool:
    return MARKER.encode(_ENCODING) in content.partition(b"\n")[0]


def _left_over(root: Path, files: Mapping[str, str], folders: Sequence[str]) -> Iterator[str]:
    for folder in sorted(folders):
        for name in sorted(_names_in(root, folder)):
            if name not in files and _is_generated(root / name):
                yield name


def _names_in(root: Path, folder: str) -> Iterator[str]:
    start = len(str(root / folder))
    for place, _folders, names in walk(root / folder):
        inside = f"{folder}{place[start:]}".replace(sep, "/")
        yield from (f"{inside}/{name}" for name in names)


def _is_generated(path: Path) -> bool:
    with path.open("rb") as file:
        return _is_ours(file.readline(1_000))


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove(root: Path, path: Path) -> None:
    """Remove a file, and the folders that it leaves empty."""
    path.unlink()
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
