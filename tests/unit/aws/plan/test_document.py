"""The document of AWS is as complete as the options and the rules."""

import re
from dataclasses import fields

import pytest

from purista_serverless.adapters.aws.checks.check import RULES
from purista_serverless.adapters.aws.options import CODE, FunctionOptions, Options
from tests.repo.tree import ROOT

DOCUMENT = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Give the rows of a table of the document, without its head."""
    text = DOCUMENT.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


@pytest.mark.parametrize(("name", "options"), [("options", Options), ("function-options", FunctionOptions)])
def test_every_option_is_documented(name, options):
    """The tables have one row per option, in their order."""
    assert [row[0] for row in table(name)] == [f"`{one.name}`" for one in fields(options)]
    assert all(row[-1] for row in table(name))


def test_every_rule_is_documented():
    """The table has one row per rule, and the code of wrong options is told."""
    assert table("rules") == [[rule.code, rule.name, rule.meaning] for rule in RULES]
    assert f"`{CODE}`" in DOCUMENT


def test_every_parameter_is_documented():
    """Whoever deploys finds each parameter of the example's template."""
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    parameters = template.partition("Parameters:\n")[2].partition("Conditions:\n")[0]

    assert all(f"`{name}`" in DOCUMENT for name in re.findall(r"^  (\w+):$", parameters, re.MULTILINE))
