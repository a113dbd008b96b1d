"""What may lie in the repository."""

import re

from tests.repo.tree import ROOT, files

LARGEST = 500_000

# Folders of somebody's machine, and hosts of package registries: a clone must not depend on either.
FORBIDDEN = re.compile(
    r"(?<![\w.~$}])/(?:root|work|home/[\w-]+|Users/[\w-]+)/"
    r"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.org|npmjs\.com|yarnpkg\.com|repo\.maven\.apache\.org|proxy\.golang\.org)\b"
)


def test_every_file_is_text_of_a_modest_size():
    """No binary is tracked, and no file is larger than half a megabyte."""
    for path in files():
        content = (ROOT / path).read_bytes()
        assert len(content) <= LARGEST, path
        assert b"\0" not in content, path
        content.decode("utf-8")


def test_nothing_names_a_machine_or_a_registry():
    """No file holds an absolute path of somebody's machine or the host of a package registry."""
    found = [
        f"{path.as_posix()}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]

    assert found == []


def test_files_end_with_one_newline():
    """A file that is not empty ends with exactly one line end, and lines end as on Unix."""
    for path in files():
        content = (ROOT / path).read_bytes()
        assert not content or (content.endswith(b"\n") and not content.endswith(b"\n\n")), path
        assert b"\r" not in content, path


def test_the_forbidden_is_recognised():
    """Paths and hosts are found where they stand alone, and not inside other words."""
    separator = "/"

    assert FORBIDDEN.search(f"cd {separator}root{separator}project")
    assert FORBIDDEN.search(f"'{separator}home{separator}ada{separator}x'")
    assert FORBIDDEN.search("https://pypi{}org/simple".format("."))
    assert not FORBIDDEN.search(f"$HOME{separator}root{separator}x and docs{separator}work{separator}plan.md")
