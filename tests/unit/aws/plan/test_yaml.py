"""What the emitter writes is read back as it was, by the parser that SAM uses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse

from purista_serverless.adapters.aws.plan.resources import Sub
from purista_serverless.adapters.aws.render.yaml import Call, scalar, to_yaml

# Words that YAML could take for something else, beside any text.
TRAPS = st.sampled_from(
    [
        *("yes", "NO", "On", "off", "null", "~", "y", "1e3", "0x1f", "012", "12:30:45", "2012-10-17"),
        *("- a", "a: b", "a #b", "a:b", "a::b", "a :b", "[a]", "{a}", "*a", "&a", "!Ref a", "%", "@a", "`a", "|", ">"),
        *("'", '"', "", " a", "a ", "a\nb", "\\", "\x7f", "\u2028", "\U0001f4b6"),
    ]
)
TEXTS = TRAPS | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = TEXTS | st.integers() | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    """Give a value as a parser gives it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


@given(value=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_whatever_is_written_is_read_back(value):
    """Mappings, sequences and scalars survive, however they are nested and whatever texts they hold."""
    value = {key: item for key, item in value.items() if not _has_bare_sequence(item)} or {"a": 1}

    assert yaml_parse(to_yaml(value)) == plain(value)


def _has_bare_sequence(value: Any) -> bool:
    """Say whether mappings stand in a sequence that stands in another one; templates have none."""
    if isinstance(value, dict):
        return any(map(_has_bare_sequence, value.values()))
    if not isinstance(value, tuple):
        return False
    return any(isinstance(item, tuple) or _has_bare_sequence(item) for item in value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Sub("${Bus}"), {"Ref": "Bus"}),
        (Sub("${AWS::Region}"), {"Ref": "AWS::Region"}),
        (Sub("${Queue.Arn}"), {"Fn::GetAtt": ["Queue", "Arn"]}),
        (Sub('{"a":"${Queue}"}'), {"Fn::Sub": '{"a":"${Queue}"}'}),
        (Sub("it's ${A}"), {"Fn::Sub": "it's ${A}"}),
        (
            Call("If", ("Told", (Sub("${A}"),), Sub("${AWS::NoValue}"))),
            {"Fn::If": ["Told", [{"Ref": "A"}], {"Ref": "AWS::NoValue"}]},
        ),
        (Call("Not", (Call("Equals", (Sub("${A}"), "")),)), {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]}),
    ],
)
def test_references_are_written_as_short_as_they_can_be(value, read):
    """A reference to a thing or its attribute is that; everything else is a text in which something is replaced."""
    assert json.loads(json.dumps(yaml_parse(to_yaml({"a": value})))) == {"a": read}


def test_nothing_else_can_be_written():
    """A value that no template may hold is refused, and not written as its representation."""
    with pytest.raises(TypeError, match="cannot be part of a template"):
        scalar(1.5)
    with pytest.raises(TypeError, match="cannot stand inside a line"):
        scalar(({"a": 1},))
