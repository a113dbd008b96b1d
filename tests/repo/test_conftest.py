"""The shared fixtures and guards of tests/conftest.py."""

import pytest

from tests.repo.tree import ROOT

pytest_plugins = ["pytester"]

GOLDEN_TEST = 'def test_it(golden):\n    golden("case/out.txt", {!r})\n'
SKIPPING_TEST = 'import pytest\n\ndef test_it():\n    pytest.skip("no server")\n'
ANNOUNCED_TEST = SKIPPING_TEST.replace("no server", "not offered: order: the provider keeps none")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run one test module beside a copy of the conftest in a process of its own."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))

    def run_module(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    return run_module


def test_a_golden_file_is_written_on_demand_only(run, pytester):
    """A missing golden file fails the test; `--update-golden` writes it, and then the test passes."""
    written = pytester.path / "golden" / "case" / "out.txt"

    run(GOLDEN_TEST.format("one\n")).assert_outcomes(failed=1)
    assert not written.exists()

    run(GOLDEN_TEST.format("one\n"), "--update-golden").assert_outcomes(passed=1)
    assert written.read_text() == "one\n"
    run(GOLDEN_TEST.format("one\n")).assert_outcomes(passed=1)


def test_a_changed_text_is_shown_as_a_difference(run):
    """A text that differs fails with a unified diff and the command that accepts it."""
    run(GOLDEN_TEST.format("one\ntwo\n"), "--update-golden")

    changed = run(GOLDEN_TEST.format("one\nthree\n"))

    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["--- tests/golden/case/out.txt", "-two", "+three", "*make golden*"])


def test_line_ends_count(run):
    """A text that differs in its line ends only is another text."""
    run(GOLDEN_TEST.format("one\n"), "--update-golden")

    run(GOLDEN_TEST.format("one")).assert_outcomes(failed=1)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skip_fails_continuous_integration(run, monkeypatch, workers):
    """Under CI a skip that nobody allowed fails the run and is named, with and without worker processes."""
    monkeypatch.setenv("CI", "true")

    finished = run(SKIPPING_TEST, "-n", workers)

    finished.assert_outcomes(skipped=1)
    assert finished.ret == pytest.ExitCode.TESTS_FAILED
    finished.stdout.fnmatch_lines(["SKIPPED, but not in ALLOWED_SKIPS*::test_it"])


def test_a_skip_that_a_suite_announces_is_fine(run, monkeypatch):
    """What a provider does not offer is left out by name, under CI as well."""
    monkeypatch.setenv("CI", "true")

    finished = run(ANNOUNCED_TEST)

    finished.assert_outcomes(skipped=1)
    assert finished.ret == pytest.ExitCode.OK


def test_a_skip_is_fine_elsewhere(run):
    """On a contributor's machine a skip is only reported."""
    finished = run(SKIPPING_TEST)

    finished.assert_outcomes(skipped=1)
    assert finished.ret == pytest.ExitCode.OK
