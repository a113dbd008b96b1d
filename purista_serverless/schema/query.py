"""Texts of a URL as JSON values: what paths and queries can only spell, turned into what a type declares."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from purista_serverless.schema.contract import alternatives_of, json_schema_of

# Longer ones are no numbers that anybody means; turning them into one takes time that grows with their square.
_LONGEST_NUMBER = 40
_NUMBER = re.compile(r"-?[0-9]+(?P<rest>\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)?")


class QueryReader:
    """Turn the texts of path and query into the JSON object that a parameter's type is loaded from.

    A text becomes a number, a boolean or ``null`` where the type's JSON Schema takes one and no text. What cannot be
    turned stays a text, for the type itself to refuse with its own words. Values given more than once are an array.

    Example:
        >>> from purista_serverless import Model
        >>> class Page(Model):
        ...     page_size: int
        ...     tags: list[str] = []
        >>> QueryReader(Page).read({"pageSize": ["20"], "tags": ["new"]})
        {'pageSize': 20, 'tags': ['new']}
    """

    __slots__ = ("_fields",)

    def __init__(self, declared: Any) -> None:
        schema = json_schema_of(declared)
        self._fields = {
            name: _Field(node, schema)
            for alternative in alternatives_of(schema, schema)
            for name, node in alternative.get("properties", {}).items()
        }

    def read(self, texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Give the JSON object; fields that the type does not know go as they came."""
        return {name: self._value(name, given) for name, given in texts.items()}

    def _value(self, name: str, given: Sequence[str]) -> Any:
        field = self._fields.get(name)
        if field is not None:
            return field.value(given)
        return given[0] if len(given) == 1 else list(given)


class _Field:
    """The kinds of JSON value that one field takes, by its schema."""

    __slots__ = ("_is_array", "_kinds")

    def __init__(self, node: Any, root: Any) -> None:
        alternatives = alternatives_of(node, root)
        arrays = [known for known in alternatives if known.get("type") == "array"]
        self._is_array = bool(arrays)
        items = [found for known in arrays for found in alternatives_of(known.get("items", {}), root)]
        self._kinds = {known.get("type") for known in (items if arrays else alternatives)}

    def value(self, given: Sequence[str]) -> Any:
        if self._is_array or len(given) != 1:
            return [_converted(text, self._kinds) for text in given]
        return _converted(given[0], self._kinds)


def _converted(text: str, kinds: set[Any]) -> Any:
    if kinds & {"string", None}:
        return text
    if kinds & {"integer", "number"} and (number := _number(text)) is not None:
        return number
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return None if "null" in kinds and text in {"", "null"} else text


def _number(text: str) -> int | float | None:
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        return None
    number = float(text) if found["rest"] else int(text)
    return number if isfinite(number) else None
