"""Write plain values as YAML: mappings, sequences, texts, numbers, and what CloudFormation replaces.

It writes what templates need and nothing else; PyYAML takes more than ten times as long and cannot write short tags
without being taught.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from purista_serverless.adapters.aws.plan.resources import Sub

# Words, also with colons inside. They begin with a letter, so that they are no number, no date and no sign of YAML's.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?:(?::{1,2}| )[A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)((?:\.[A-Za-z0-9]+)*)\}")


class Call:
    """A function of CloudFormation on some values: ``!If [Condition, one, another]``.

    ``text`` is how it stands in a template: worked out when it is made, since many resources share one.
    """

    __slots__ = ("text",)

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.text = f"!{name} {_inline(arguments)}"


def to_yaml(value: Mapping[str, Any]) -> str:
    r"""Write a mapping as a document.

    Example:
        >>> to_yaml({"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": Sub("${Prefix}")}}})
        'Bus:\n  Type: AWS::Events::EventBus\n  Properties:\n    Name: !Ref Prefix\n'
    """
    lines: list[str] = []
    _write_mapping(value, "", lines)
    lines.append("")
    return "\n".join(lines)


def _write_mapping(value: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    deeper = f"{indent}  "
    for key, item in value.items():
        # Looked at by exact type: this loop is most of the time of a build.
        kind = type(item)
        if kind is dict and item:
            lines.append(f"{indent}{_text(key)}:")
            _write_mapping(item, deeper, lines)
        elif kind is tuple and item:
            lines.append(f"{indent}{_text(key)}:")
            _write_sequence(item, deeper, lines)
        else:
            lines.append(f"{indent}{_text(key)}: {scalar(item)}")


def _write_sequence(value: tuple[Any, ...], indent: str, lines: list[str]) -> None:
    for item in value:
        if type(item) is dict and item:
            place = len(lines)
            _write_mapping(item, f"{indent}  ", lines)
            # The first line of the mapping stands behind the dash.
            lines[place] = f"{indent}- {lines[place][len(indent) + 2 :]}"
        else:
            lines.append(f"{indent}- {scalar(item)}")


def scalar(value: Any) -> str:
    """Write a single value.

    Example:
        >>> scalar("2012-10-17"), scalar(Sub("${Queue.Arn}")), scalar(Sub("/${Prefix}/KEY"))
        ("'2012-10-17'", '!GetAtt Queue.Arn', "!Sub '/${Prefix}/KEY'")
    """
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise TypeError(f"{value!r} cannot be part of a template")
    return writer(value)


@lru_cache(maxsize=4_096)
def _text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED else _quoted(value)


def _quoted(value: str) -> str:
    # Single quotes leave the JSON inside as it is; only a quote of their own would have to be doubled.
    if "'" not in value and value.isprintable():
        return f"'{value}'"
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    # JSON's escapes would write characters beyond the first 65,536 as two, which YAML reads as two.
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _sub(value: str) -> str:
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        return f"!Sub {_quoted(value)}"
    name, attribute = reference.groups()
    return f"!GetAtt {name}{attribute}" if attribute else f"!Ref {name}"


def _inline(values: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def _empty(value: Mapping[str, Any]) -> str:
    if value:
        raise TypeError(f"{value!r} cannot stand inside a line")
    return "{}"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    str: _text,
    Sub: _sub,
    bool: lambda value: "true" if value else "false",
    int: str,
    tuple: _inline,
    dict: _empty,
    Call: lambda call: call.text,
}
