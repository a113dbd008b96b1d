"""Paths to a field, such as ``payload.cycleId``: checked against a type, followed in a JSON value."""

from difflib import get_close_matches
from typing import Any

from pydantic.alias_generators import to_camel

from purista_serverless.errors import DeclarationError
from purista_serverless.schema.codec import name_of
from purista_serverless.schema.contract import alternatives_of, json_schema_of

KeyPath = tuple[str, ...]

_ROOT = "payload"


def resolve_path(declared: Any, path: str) -> KeyPath:
    """Give the wire names of the fields on the way to a key, without the leading ``payload``.

    Each part may be written as on the wire or in snake_case.

    Raises:
        DeclarationError: The path does not start with ``payload.``, or the type has no such field.

    Example:
        >>> from purista_serverless import Model
        >>> class CycleDue(Model):
        ...     cycle_id: str
        >>> resolve_path(CycleDue, "payload.cycle_id")
        ('cycleId',)
    """
    root, *parts = path.split(".")
    if root != _ROOT or not all(parts) or not parts:
        raise DeclarationError(f"key path {path!r} does not start at the payload; write 'payload.<field>'")
    schema = json_schema_of(declared)
    found: list[str] = []
    nodes = alternatives_of(schema, schema)
    for part in parts:
        name, following = _step(schema, nodes, part, path, declared)
        found.append(name)
        nodes = following
    return tuple(found)


def _step(root: Any, nodes: list[Any], part: str, path: str, declared: Any) -> tuple[str, list[Any]]:
    known: set[str] = set()
    for node in nodes:
        properties = node.get("properties", {})
        known.update(properties)
        for name in (part, to_camel(part)):
            if name in properties:
                return name, alternatives_of(properties[name], root)
        if _takes_any_key(node):
            rest = node.get("additionalProperties")
            return part, alternatives_of(rest if isinstance(rest, dict) else {}, root)
    raise DeclarationError(f"{name_of(declared)} has no field {part!r} for key path {path!r}; {_hint(part, known)}")


def _hint(part: str, known: set[str]) -> str:
    if not known:
        return "it has no fields"
    near = get_close_matches(to_camel(part), sorted(known), n=1)
    return f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(known))}"


def _takes_any_key(node: Any) -> bool:
    is_mapping = node.get("type") == "object" and "properties" not in node
    return is_mapping or not node


def value_at(value: Any, path: KeyPath) -> Any:
    """Follow a resolved path in a plain JSON value; ``None`` if it ends early.

    Example:
        >>> value_at({"cycle": {"id": 7}}, ("cycle", "id"))
        7
    """
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
