"""The document of Google Cloud is as complete as the options, the rules and the variables."""

from dataclasses import fields

import pytest

from purista_serverless.adapters.gcp.checks.check import RULES
from purista_serverless.adapters.gcp.options import CODE, FunctionOptions, Options
from tests.repo.tree import ROOT
from tests.unit.aws.plan.applications import everything
from tests.unit.gcp.plan.deployments import planned

DOCUMENT = (ROOT / "docs" / "gcp.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Give the rows of a table of the document, without its head."""
    text = DOCUMENT.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


@pytest.mark.parametrize(("name", "options"), [("options", Options), ("function-options", FunctionOptions)])
def test_every_option_is_documented(name, options):
    """The tables have one row per option, in their order, with its default."""
    named = [f"`{one.name}`" for one in fields(options)]
    plain = [one.default if isinstance(one.default, str | int) else None for one in fields(options)]

    assert [row[0] for row in table(name)] == named
    assert [row[1] for row in table(name)] == ["" if one is None else f"`{one}`".lower() for one in plain]
    assert all(row[-1] for row in table(name))


def test_every_rule_is_documented():
    """The table has one row per rule, and the code of wrong options is told."""
    assert table("rules") == [[rule.code, rule.name, rule.meaning] for rule in RULES]
    assert f"`{CODE}`" in DOCUMENT


def test_every_variable_is_documented():
    """Whoever deploys finds each variable of a deployment."""
    names = {one.name.partition(".")[0] for one in planned(everything().model).variables}

    assert all(f"`{name}" in DOCUMENT for name in names)
