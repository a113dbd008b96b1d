"""The README shows the real thing: the listing is the file, and the output is the program's."""

import re

from examples.enterprise_billing_cycle.report import text_of
from examples.enterprise_billing_cycle.year import play_year
from tests.repo.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_listing_is_the_file():
    """The service in one file is shown as it is."""
    assert (ROOT / "examples" / "orders.py").read_text(encoding="utf-8") in blocks("python")


def test_the_output_is_real():
    """Every line of the shortened output is printed by the program, in that order."""
    printed = iter(text_of(play_year()).splitlines())
    (shown,) = blocks("text")

    assert [line for line in shown.splitlines() if line not in printed] == []
