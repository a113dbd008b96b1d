"""Documents tell the truth: their Python runs or compiles."""

import ast
import doctest
import re
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, files

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [
    path for path in files() if path.suffix == ".md" and path.parts[0] in {"README.md", "CONTRIBUTING.md", "docs"}
]


def blocks(document: Path) -> list[tuple[int, str]]:
    """List the Python blocks of a document with the line each starts at."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [(text.count("\n", 0, match.start()) + 2, match[1]) for match in BLOCK.finditer(text)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=Path.as_posix)
def test_sessions_print_what_they_claim(document):
    """The blocks with a prompt run one after the other, as a reader would type them, and print what is written."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    shared: dict[str, object] = {"__name__": "__main__"}
    report: list[str] = []
    for line, block in blocks(document):
        if ">>>" in block:
            # A name per block: doctest looks the source of earlier blocks' functions up by it when they raise.
            name = f"{document.as_posix()}:{line}"
            test = doctest.DocTestParser().get_doctest(block, shared, name, document.as_posix(), line - 1)
            runner.run(test, out=report.append, clear_globs=False)
            shared = test.globs

    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("document", DOCUMENTS, ids=Path.as_posix)
def test_listings_compile(document):
    """The blocks without a prompt are valid Python; they may await at top level, as in an asynchronous prompt."""
    for line, block in blocks(document):
        if ">>>" not in block:
            padded = "\n" * (line - 1) + block
            compile(padded, document.as_posix(), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_blocks_are_found():
    """A block is found with the line of its first statement, other languages are left alone."""
    text = "# Title\n\n```python\nx = 1\n```\n\n```yaml\na: 1\n```\n"

    assert [match[1] for match in BLOCK.finditer(text)] == ["x = 1\n"]
