"""Modules and functions stay small enough to be read."""

from statistics import median

from tests.repo.tree import ROOT, functions, modules

HARD_CAP = 600
SOFT_CAP = 400


def lines_of_modules() -> dict[str, int]:
    """Count the lines of every module of the package."""
    paths = modules("purista_serverless")
    return {path.as_posix(): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in paths}


def test_no_module_exceeds_the_hard_cap():
    """A module has at most 600 lines."""
    assert {name: lines for name, lines in lines_of_modules().items() if lines > HARD_CAP} == {}


def test_hardly_a_module_exceeds_the_soft_cap():
    """Nine modules of ten have at most 400 lines."""
    sizes = lines_of_modules()
    large = {name: lines for name, lines in sizes.items() if lines > SOFT_CAP}

    assert len(large) * 10 <= len(sizes), large


def test_a_function_is_about_ten_lines_long():
    """Half of the package's functions have at most twelve lines, signature and docstring included."""
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules("purista_serverless")
        for node in functions(path)
    ]

    assert median(lengths) <= 12
