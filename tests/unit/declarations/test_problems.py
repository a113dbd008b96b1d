"""Each kind of mistake, in a malformed application of its own, and the text that its author reads."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from purista_serverless import Application, InvalidApplication
from purista_serverless.builder.problems.codes import CODES

ROOT = Path(__file__).parents[3]
HERE = "tests.unit.declarations.malformed"


def problems_of(code: str) -> InvalidApplication:
    """Build the malformed application of a code and give its error."""
    module = import_module(f"{HERE}.{code.lower()}")
    with pytest.raises(InvalidApplication) as caught:
        Application("shop", module.SERVICES, handlers=getattr(module, "HANDLERS", ()))
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

    module = import_module(f"{HERE}.{code.lower()}")
    assert all(service.sealed_by is None for service in module.SERVICES)


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
