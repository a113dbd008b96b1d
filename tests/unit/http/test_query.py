"""Texts of a URL as JSON values, by the schema of a parameter."""

from datetime import date
from typing import Any, Literal

import pytest

from purista_serverless import Model
from purista_serverless.schema.query import QueryReader


class Kinds(Model):
    """A field of each kind."""

    text: str = ""
    number: int = 0
    ratio: float = 0
    flag: bool = False
    day: date = date(2026, 1, 1)
    level: Literal[1, 2] = 1
    perhaps: int | None = None
    either: int | str = ""
    numbers: tuple[int, ...] = ()
    anything: Any = None


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("text", ["1"], "1"),
        ("number", ["-12"], -12),
        ("number", ["1.5"], 1.5),
        ("number", ["twelve"], "twelve"),
        ("number", ["1_000"], "1_000"),
        ("number", ["\u0661"], "\u0661"),
        ("number", ["9" * 41], "9" * 41),
        ("number", ["--1"], "--1"),
        ("number", [""], ""),
        ("ratio", ["2.50"], 2.5),
        ("ratio", ["1e3"], 1000.0),
        ("ratio", ["nan"], "nan"),
        ("ratio", ["1e999"], "1e999"),
        ("flag", ["true"], True),
        ("flag", ["false"], False),
        ("flag", ["TRUE"], "TRUE"),
        ("day", ["2026-02-03"], "2026-02-03"),
        ("level", ["2"], 2),
        ("perhaps", [""], None),
        ("perhaps", ["null"], None),
        ("perhaps", ["3"], 3),
        ("either", ["3"], "3"),
        ("numbers", ["3"], [3]),
        ("numbers", ["3", "x"], [3, "x"]),
        ("number", ["1", "2"], [1, 2]),
        ("anything", ["1"], "1"),
        ("unknown", ["1"], "1"),
        ("unknown", ["1", "2"], ["1", "2"]),
    ],
)
def test_a_text_becomes_what_its_field_takes(name, texts, value):
    """What cannot be turned stays a text, for the type to refuse in its own words."""
    assert QueryReader(Kinds).read({name: texts}) == {name: value}


def test_a_type_without_fields_takes_everything_as_text():
    """A mapping has no schema per name."""
    assert QueryReader(dict[str, str]).read({"a": ["1"]}) == {"a": "1"}
