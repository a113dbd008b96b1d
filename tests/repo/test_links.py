"""Links inside the repository lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, files

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
PAGES = [path for path in files() if path.suffix == ".md"]


def links(text: str) -> list[str]:
    """List the relative links of a page, outside of code."""
    return LINK.findall(CODE.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=Path.as_posix)
def test_every_link_leads_to_a_file(page):
    """A relative link names a file or folder, as seen from its page."""
    targets = links((ROOT / page).read_text(encoding="utf-8"))

    assert [target for target in targets if not (ROOT / page.parent / target).exists()] == []


def test_every_document_is_listed():
    """A reader finds each page of the documents from the README."""
    linked = set(links((ROOT / "README.md").read_text(encoding="utf-8")))

    assert {page.as_posix() for page in PAGES if page.parts[0] == "docs"} - linked == set()


def test_links_are_recognised():
    """Links to hosts and to headings, and code that looks like a link, are left alone."""
    text = "[a](docs/a.md), [b](docs/b.md#part), [c](https://example.org/c.md), [d](#part), `call[e](f)`"

    assert links(text) == ["docs/a.md", "docs/b.md"]
