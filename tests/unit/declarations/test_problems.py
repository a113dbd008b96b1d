"""Each kind of mistake, in a malformed application of its own, and the text that its author reads."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from purista_serverless import Application, DeclarationError, InvalidApplication, ServiceBuilder
from purista_serverless.builder.problems.codes import CODES
from tests.unit.declarations.building import build, load
from tests.unit.declarations.shapes import ClosingJob, Report, answering, idle

ROOT = Path(__file__).parents[3]


def problems_of(code: str) -> InvalidApplication:
    """Build the malformed application of a code and give its error."""
    with pytest.raises(InvalidApplication) as caught:
        build(code)
    return caught.value


@pytest.mark.parametrize("code", CODES)
def test_each_mistake_is_told_with_place_reason_and_fix(
    code: str, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
):
    """A malformed application names its mistake's code, and the whole text is the reviewed one."""
    monkeypatch.chdir(ROOT)

    error = problems_of(code)

    assert code in {problem.code for problem in error.problems}
    golden(f"problems/{code}.txt", f"{error}\n")


@pytest.mark.parametrize("code", CODES)
def test_a_rejected_application_leaves_its_builders_open(code: str):
    """After a failure nothing is sealed, so that a shell or a test can go on declaring."""
    problems_of(code)

    assert all(service.sealed_by is None for service in load(code).SERVICES)


def test_options_of_another_kind_are_told_before_anything_reads_them():
    """A duration instead of a profile or a path instead of a route is a problem, no crash."""
    billing: Any = ServiceBuilder("Billing")
    closing = billing.queue("billing.closing", ClosingJob, profile=timedelta(hours=1), lifecycle="long")
    closing.worker()(idle())
    billing.command("close", None, Report, http="/close").handler()(answering())

    with pytest.raises(InvalidApplication) as caught:
        Application("shop", [billing])

    assert [(problem.code, problem.fix) for problem in caught.value.problems] == [
        ("PS152", "use lifecycle=Lifecycle(...)"),
        ("PS152", "use profile=LongRunning(...)"),
        ("PS152", "use http=Post(...)"),
    ]


def test_a_service_is_given_as_its_builder():
    """A name instead of a builder is refused at once."""
    services: Any = ["Billing"]

    with pytest.raises(DeclarationError, match="'Billing' is no service"):
        Application("shop", services)


def test_the_documented_codes_are_the_ones_that_exist():
    """`docs/problems.md` has one row per code."""
    rows = [f"| {code} | {text} |" for code, text in CODES.items()]
    expected = "\n".join(
        [
            "# Problems of declarations",
            "",
            "What `Application(...)` refuses, by code. Each problem names file and line, what is wrong and how to",
            "mend it; all are told at once.",
            "",
            "| code | meaning |",
            "|---|---|",
            *rows,
            "",
        ]
    )

    assert (ROOT / "docs/problems.md").read_text(encoding="utf-8") == expected
