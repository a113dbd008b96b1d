"""Rules for the options of a provider's table in ``pyproject.toml``, which tell everything that is wrong at once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from purista_serverless.errors import Problem
from purista_serverless.naming import did_you_mean

# What is wrong with a value: what to write instead, ``None`` if nothing is.
OptionRule = Callable[[Any], str | None]


def underscored(table: Mapping[str, Any]) -> dict[str, Any]:
    """Give a table by Python's names: TOML has hyphens.

    Example:
        >>> underscored({"log-retention": 90})
        {'log_retention': 90}
    """
    return {name.replace("-", "_"): value for name, value in table.items()}


def problems_of(given: Mapping[str, Any], rules: Mapping[str, OptionRule], table: str, code: str) -> Iterator[Problem]:
    """Give what is wrong with the options of a table.

    Args:
        given: The options, by names with underscores.
        rules: What is allowed, by name.
        table: Name of the table.
        code: Code of the problems.
    """
    for name, value in given.items():
        where = f"[{table}] {name}"
        if name not in rules:
            fix = did_you_mean(name, rules) or f"it takes {', '.join(sorted(rules))}"
            yield Problem(code, where=where, what="there is no such option", fix=fix)
        elif (wanted := rules[name](value)) is not None:
            yield Problem(code, where=where, what=f"{value!r} is not allowed", fix=f"write {wanted}")


def function_problems(functions: Any, rules: Mapping[str, OptionRule], table: str, code: str) -> Iterator[Problem]:
    """Give what is wrong with the options of single functions; that these are no tables is told elsewhere."""
    if isinstance(functions, dict):
        for name, own in functions.items():
            if isinstance(own, dict):
                yield from problems_of(underscored(own), rules, f'{table}.functions."{name}"', code)


def number(low: int, high: int) -> OptionRule:
    """Take whole numbers of a range."""

    def rule(value: Any) -> str | None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and low <= value <= high else f"a number from {low} to {high}"

    return rule


def choice(*known: object) -> OptionRule:
    """Take some values only."""

    def rule(value: Any) -> str | None:
        return None if value in known and not isinstance(value, bool) else f"one of {', '.join(map(str, known))}"

    return rule


def flag(value: Any) -> str | None:
    """Take true and false."""
    return None if isinstance(value, bool) else "true or false"


def text(value: Any) -> str | None:
    """Take texts that are not empty."""
    return None if isinstance(value, str) and value else "a text that is not empty"


def texts(value: Any) -> str | None:
    """Take tables of texts."""
    is_table = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return None if is_table else 'a table of texts, as in { name = "value" }'


def tables(value: Any) -> str | None:
    """Take one table per function."""
    is_table = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return None if is_table else 'tables by function, as in "worker:Billing.1.closeCycle" = { memory = 512 }'
