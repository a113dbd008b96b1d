"""What a declared type looks like to others: its JSON Schema, and whether another type fits it."""

import operator
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from pydantic.errors import PydanticUserError

from purista_serverless.schema.codec import adapter_of, codec_of, unsupported

Mode = Literal["validation", "serialization"]
_REF = "#/$defs/"


@cache
def _schema_of(declared: Any, mode: Mode) -> dict[str, Any]:
    if declared is None or declared is type(None):
        return {"type": "null"}
    codec_of(declared)
    try:
        return adapter_of(declared).json_schema(by_alias=True, mode=mode)
    except PydanticUserError as error:
        raise unsupported(declared, error) from error


def json_schema_of(declared: Any, mode: Mode = "validation") -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a type, with wire names; a fresh copy each time.

    ``"validation"`` describes what is accepted, ``"serialization"`` what is sent.

    Raises:
        DeclarationError: The type has no JSON Schema.

    Example:
        >>> json_schema_of(list[int])
        {'items': {'type': 'integer'}, 'type': 'array'}
    """
    copy: dict[str, Any] = _copied(_schema_of(declared, mode))
    return copy


def _copied(node: Any) -> Any:
    match node:
        case dict():
            return {key: _copied(value) for key, value in node.items()}
        case list():
            return [_copied(value) for value in node]
        case _:
            return node


def alternatives_of(node: Any, root: Any) -> list[Any]:
    """Give the schemas that a value of this one may match: references followed, unions taken apart."""
    pending, found = [node], []
    for _ in range(64):  # a union of references to unions ends long before; one that refers to itself alone never does
        if not pending:
            break
        current = pending.pop(0)
        if "$ref" in current:
            pending.insert(0, root["$defs"][current["$ref"].removeprefix(_REF)])
        elif "anyOf" in current or "oneOf" in current:
            pending[:0] = current.get("anyOf") or current["oneOf"]
        else:
            found.append(current)
    return found


def fits(source: Any, target: Any) -> tuple[str, ...]:
    """Say why JSON of one type may not load as another; empty if nothing speaks against it.

    This compares JSON Schemas: required fields, types and element types. It is cautious the other way round: formats,
    patterns and limits are not compared.

    Example:
        >>> fits(int, str)
        ('value: integer is sent, string is expected',)
    """
    if source == target:
        return ()
    sent, expected = _schema_of(source, "serialization"), _schema_of(target, "validation")
    return tuple(dict.fromkeys(_Comparison(sent, expected).reasons(sent, expected, "", 0)))


def misfits(sent: Any, expected: Any, *, are_defaults_sent: bool) -> tuple[str, ...]:
    """Say why what matches one JSON Schema may not match another; empty if all of it does.

    Besides what ``fits`` compares these are limits, patterns, formats and forbidden additional properties.

    Args:
        sent: The schema of what is sent, with its ``$defs``.
        expected: The schema of what is expected, with its ``$defs``.
        are_defaults_sent: Whether a sender writes out what it leaves at its default, as our models do. Others may leave
            it out.

    Example:
        >>> misfits({"type": "integer"}, {"type": "integer", "maximum": 9}, are_defaults_sent=False)
        ('value: maximum is 9, where nothing is promised',)
    """
    comparison = _Comparison(sent, expected, is_exact=True, are_defaults_sent=are_defaults_sent)
    return tuple(dict.fromkeys(comparison.reasons(sent, expected, "", 0)))


class _Comparison:
    """Two schemas with their definitions, compared node by node."""

    # Deeper than any contract that people read; it ends the walk through a type that contains itself.
    _DEEPEST = 12

    def __init__(self, sent: Any, expected: Any, *, is_exact: bool = False, are_defaults_sent: bool = True) -> None:
        self._sent = sent
        self._expected = expected
        self._is_exact = is_exact
        self._are_defaults_sent = are_defaults_sent

    def reasons(self, sent: Any, expected: Any, path: str, depth: int) -> list[str]:
        if depth > self._DEEPEST:
            return []
        found: list[str] = []
        targets = alternatives_of(expected, self._expected)
        for source in alternatives_of(sent, self._sent):
            results = [self._pair(source, target, path, depth) for target in targets]
            if results and all(results):
                closest: list[str] = min(results, key=_length)
                found.extend(closest)
        return found

    def _pair(self, sent: Any, expected: Any, path: str, depth: int) -> list[str]:
        kinds = _kinds(expected)
        kind = sent.get("type")
        if kinds and kind not in kinds and (kind is not None or self._is_exact):
            return [f"{path or 'value'}: {kind or 'anything'} is sent, {' or '.join(sorted(kinds))} is expected"]
        if not _are_choices_known(sent, expected):
            return [f"{path or 'value'}: other values may be sent than are expected"]
        found = _narrower(sent, expected, path or "value") if self._is_exact else []
        if self._is_exact and isinstance(rest := expected.get("additionalProperties"), dict):
            found += self.reasons(sent.get("additionalProperties", {}), rest, f"{path}[*]", depth + 1)
        if kind == "array":
            return found + self.reasons(sent.get("items", {}), expected.get("items", {}), f"{path}[]", depth + 1)
        return found + self._fields(sent, expected, path, depth)

    def _fields(self, sent: Any, expected: Any, path: str, depth: int) -> list[str]:
        given, wanted = sent.get("properties", {}), expected.get("properties", {})
        always = set(sent.get("required", ()))
        if self._are_defaults_sent:
            always |= {name for name, node in given.items() if node.get("default") is not None}
        found: list[str] = []
        if self._is_exact and expected.get("additionalProperties") is False:
            found.extend(f"{path}.{name}".lstrip(".") + ": it is not expected" for name in given if name not in wanted)
        for name, node in wanted.items():
            where = f"{path}.{name}" if path else name
            if name in given:
                found.extend(self.reasons(given[name], node, where, depth + 1))
            if name in expected.get("required", ()) and name not in always:
                found.append(f"{where}: it is required, but {'may be left out' if name in given else 'is not sent'}")
        return found


# What a schema may demand of a value besides its type, and when another demand is at least as strict.
_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), operator.ge),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), operator.le),
    **dict.fromkeys(("pattern", "format", "multipleOf", "uniqueItems"), operator.eq),
}


def _narrower(sent: Any, expected: Any, path: str) -> list[str]:
    """Name the demands of one node that another one does not promise to meet."""
    return [
        f"{path}: {name} is {expected[name]}, where {sent.get(name, 'nothing')} is promised"
        for name, is_met in _LIMITS.items()
        if name in expected and not (name in sent and is_met(sent[name], expected[name]))
    ]


def _are_choices_known(sent: Any, expected: Any) -> bool:
    given, known = _choices(sent), _choices(expected)
    return known is None or given is None or all(choice in known for choice in given)


def _choices(node: Any) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    choices: list[Any] | None = node.get("enum")
    return choices


def _length(reasons: list[str]) -> int:
    return len(reasons)


def _kinds(node: Any) -> set[str]:
    kind = node.get("type")
    if kind is None:
        return set()
    return {"number", "integer"} if kind == "number" else {kind}
