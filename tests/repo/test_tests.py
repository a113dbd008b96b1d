"""Rules that every test keeps."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.repo.tree import functions, modules, syntax


def modules_of_tests() -> list[Path]:
    """List the modules that hold tests or support them; the public suites of behaviour count too."""
    return [*modules("tests"), *(path for path in modules("purista_serverless") if path.parts[1] == "testing")]


def is_mock(node: ast.AST) -> bool:
    """Tell whether a statement imports the patching library."""
    match node:
        case ast.ImportFrom(module=str(module)):
            return module.startswith("unittest") and (module == "unittest.mock" or node.names[0].name == "mock")
        case ast.Import(names=names):
            return any(name.name == "unittest.mock" for name in names)
        case _:
            return False


def is_sleep(node: ast.AST) -> bool:
    """Tell whether an expression sleeps; ``sleep(0)`` only gives way."""
    match node:
        case ast.Call(func=ast.Attribute(attr="sleep") | ast.Name(id="sleep"), args=[ast.Constant(value=0)]):
            return False
        case ast.Call(func=ast.Attribute(attr="sleep") | ast.Name(id="sleep")):
            return True
        case _:
            return False


def sleeps_of_handlers(path: Path) -> set[ast.AST]:
    """Find the awaited sleeps inside async handlers: a simulation's loop turns them into virtual time."""
    handlers = [
        node
        for node in functions(path)
        if isinstance(node, ast.AsyncFunctionDef) and [arg.arg for arg in node.args.args[:1]] == ["ctx"]
    ]
    return {awaited.value for handler in handlers for awaited in ast.walk(handler) if isinstance(awaited, ast.Await)}


def places(rule, *, excuse=None) -> Iterator[str]:
    """Find the file and line of every node that a rule names and no excuse covers."""
    for path in modules_of_tests():
        excused = excuse(path) if excuse is not None else set()
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.stmt | ast.expr) and rule(node) and node not in excused:
                yield f"{path.as_posix()}:{node.lineno}"


def test_every_test_states_its_behaviour():
    """A test function or method has a docstring that ends as a sentence does."""
    silent = [
        f"{path.as_posix()}:{node.lineno} {node.name}"
        for path in modules_of_tests()
        for node in functions(path)
        if node.name.startswith("test_") and not (ast.get_docstring(node) or "").partition("\n")[0].endswith(".")
    ]

    assert silent == []


def test_nothing_is_patched():
    """No test replaces names of a module: ports are injected, and the doubles are public."""
    assert list(places(is_mock)) == []


def test_nothing_sleeps():
    """No test waits for time to pass: clocks are virtual, and conditions are awaited."""
    assert list(places(is_sleep, excuse=sleeps_of_handlers)) == []


def test_the_rules_see_what_they_forbid():
    """The patching library and sleeping are recognised however they are spelled; giving way is not sleeping."""
    seen = ["import unittest.mock", "from unittest import mock", "from unittest.mock import patch"]
    slept = ["time.sleep(1)", "asyncio.sleep(delay)", "sleep(0.1)"]

    assert all(is_mock(ast.parse(text).body[0]) for text in seen)
    assert all(is_sleep(ast.parse(text, mode="eval").body) for text in slept)
    assert not is_sleep(ast.parse("asyncio.sleep(0)", mode="eval").body)
