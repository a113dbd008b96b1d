"""The document of the honour matrix is as complete as the rule table."""

from purista_serverless.synth.handlers import UNREACHABLE
from purista_serverless.synth.honour import PROMISES
from tests.repo.tree import ROOT

DOCUMENT = (ROOT / "docs" / "honour-matrix.md").read_text(encoding="utf-8")


def test_every_promise_is_documented():
    """The table of the document has one row per rule, in the rule table's order."""
    rows = "".join(f"| {promise.code} | {promise.name} | {promise.meaning} |\n" for promise in PROMISES)
    documented = DOCUMENT.partition("<!-- promises -->\n")[2].partition("<!-- /promises -->")[0]

    assert documented == f"| code | promise | what is promised |\n|---|---|---|\n{rows}"


def test_the_problem_beside_the_promises_is_documented():
    """A handler that cannot be imported has a code that the document explains."""
    assert f"`{UNREACHABLE}`" in DOCUMENT
