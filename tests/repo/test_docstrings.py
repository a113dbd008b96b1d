"""Examples in docstrings run and print what they claim."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, modules

DOCUMENTED = [
    path
    for path in (*modules("purista_serverless"), *modules("benchmarks"))
    if ">>> " in (ROOT / path).read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", DOCUMENTED, ids=Path.as_posix)
def test_examples_run(path, capsys):
    """Every example of a module prints what its docstring shows."""
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert result.attempted > 0
    assert result.failed == 0, capsys.readouterr().out
