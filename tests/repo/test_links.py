"""Links inside the repository lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, files

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")
PAGES = [path for path in files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=Path.as_posix)
def test_every_link_leads_to_a_file(page):
    """A relative link names a file or folder, as seen from its page."""
    targets = LINK.findall((ROOT / page).read_text(encoding="utf-8"))

    assert [target for target in targets if not (ROOT / page.parent / target).exists()] == []


def test_every_document_is_listed():
    """A reader finds each page of the documents from the README."""
    linked = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))

    assert {page.as_posix() for page in PAGES if page.parts[0] == "docs"} - linked == set()


def test_links_are_recognised():
    """Links to hosts and to headings are left alone."""
    text = "[a](docs/a.md), [b](docs/b.md#part), [c](https://example.org/c.md), [d](#part)"

    assert LINK.findall(text) == ["docs/a.md", "docs/b.md"]
