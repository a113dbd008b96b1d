"""The measuring tool itself."""

import pytest

from tests.cold.interpreter import ROOT, modules_after


def test_nothing_is_loaded_by_nothing():
    """An empty program loads no module beyond a bare start."""
    assert modules_after("") == frozenset()


def test_imports_are_seen_with_what_they_pull_in():
    """An import is reported with its submodules and dependencies, also one made inside a function."""
    loaded = modules_after("def late():\n    import json\nlate()")

    assert {"json", "json.decoder", "re"} <= loaded


def test_output_of_the_program_is_no_module():
    """What the program prints is not mistaken for a name."""
    assert modules_after("print('asyncio', end='')") == frozenset()


def test_only_the_given_variables_are_seen(monkeypatch):
    """The test process' own variables stay outside, those that are given arrive."""
    monkeypatch.setenv("K_SERVICE", "leak")
    code = "import os; assert 'K_SERVICE' not in os.environ; assert os.environ['FUNCTION_TARGET'] == 'handler'"

    assert "asyncio" not in modules_after(code, env={"FUNCTION_TARGET": "handler"})


def test_the_folder_can_be_chosen(tmp_path):
    """The program runs in the root of the repository, or where it is told to."""
    code = "import os; assert os.getcwd() == {!r}"

    assert modules_after(code.format(str(ROOT))) == frozenset()
    assert modules_after(code.format(str(tmp_path)), cwd=tmp_path) == frozenset()


def test_a_failing_program_shows_its_traceback():
    """A program that raises or leaves early is an error, not an empty answer."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        modules_after("1 / 0")
    with pytest.raises(RuntimeError, match="before its end"):
        modules_after("raise SystemExit")
