"""The generated files that a build is compared with: those of a folder, or of a revision in git."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from purista_serverless.cli.failures import ExitCode, Failure


def read_baseline(root: Path, against: str | None, paths: Iterable[str], folders: Sequence[str]) -> dict[str, str]:
    """Give the generated files that something is compared with, by path from the project's root.

    Args:
        root: Folder of the project.
        against: A folder or a revision; ``None`` for the project's folder as it is.
        paths: Files that a build gives now.
        folders: Folders whose generated files all count.

    Raises:
        Failure: It is neither a folder nor a revision, or may be both.
    """
    from purista_serverless.synth.files import read

    if against is None:
        return read(root, paths, folders=folders)
    folder = Path(against)
    is_revision = _is_revision(root, against)
    if folder.is_dir() and is_revision:
        fix = f"write ./{against} for the folder, or refs/heads/{against} for the branch"
        raise Failure(f"{against!r} is a folder and a revision", fix=fix, code=ExitCode.USAGE)
    if folder.is_dir():
        return read(folder, paths, folders=folders)
    if not is_revision:
        fix = "name a folder, or a revision that git knows; a shallow clone does not have them all"
        raise Failure(f"{against!r} is neither a folder nor a revision", where=str(root), fix=fix, code=ExitCode.USAGE)
    return _read_revision(root, against, paths, folders)


def _is_revision(root: Path, name: str) -> bool:
    return (
        not name.startswith((".", "/", "-"))
        and _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is not None
    )


def _read_revision(root: Path, revision: str, paths: Iterable[str], folders: Sequence[str]) -> dict[str, str]:
    from purista_serverless.synth.files import is_generated

    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", revision, "--", *folders, *_top_level(paths)) or b""
    texts = _texts(root, revision, [name.decode() for name in listed.split(b"\0") if name])
    return {path: text for path, text in texts.items() if is_generated(text)}


def _top_level(paths: Iterable[str]) -> list[str]:
    """Name files by their first part, since there may be more of them than a command line holds."""
    return sorted({path.split("/", 1)[0] for path in paths})


def _texts(root: Path, revision: str, paths: Sequence[str]) -> Mapping[str, str]:
    asked = "".join(f"{revision}:./{path}\n" for path in paths).encode()
    found = _git(root, "cat-file", "--batch", given=asked) or b""
    return dict(zip(paths, _blobs(found), strict=True))


def _blobs(answer: bytes) -> Iterator[str]:
    """Read what ``git cat-file --batch`` prints: a line with type and size before each content."""
    place = 0
    while place < len(answer):
        end = answer.index(b"\n", place)
        size = int(answer[place:end].rpartition(b" ")[2])
        yield answer[end + 1 : end + 1 + size].decode(errors="replace")
        place = end + size + 2


def _git(root: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """Run git in a folder; ``None`` if it fails.

    Raises:
        Failure: There is no git.
    """
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], input=given, capture_output=True, check=False)  # noqa: S603, S607 - git of the user's own path, in the user's own project
    except FileNotFoundError as error:
        raise Failure("git is not installed", fix="install it, or name a folder", code=ExitCode.UNAVAILABLE) from error
    return done.stdout if done.returncode == 0 else None
