"""Envelopes read together with their payload: one pass over the bytes, with every type checked on the way."""

from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic_core import CoreSchema

_TEXT = core_schema.str_schema(strict=True)
_KINDS: "dict[type, CoreSchema]" = {
    str: _TEXT,
    int: core_schema.int_schema(strict=True),
    dict: core_schema.dict_schema(_TEXT, _TEXT),
    object: core_schema.any_schema(),
}


def envelope_reader(
    fields: "Iterable[tuple[str, type, Any]]", payload: "CoreSchema | None" = None
) -> "Callable[[bytes | str], dict[str, Any]]":
    """Give a function that reads one kind of envelope from JSON; members that are not asked for are left out.

    It raises ``ValueError`` for what does not match, and whatever the validators of a user's own model raise.

    Args:
        fields: The members: name, kind (``str``, ``int``, ``dict`` of texts, or ``object`` for anything), and what
            stands for one that is left out: ``...`` for nothing; with ``None`` it stays out, and may be ``null``.
        payload: What the member ``payload`` is loaded as.

    Example:
        >>> from purista_serverless.schema import codec_of
        >>> fields = [("id", str, ...), ("priority", int, 0), ("note", str, None), ("payload", object, None)]
        >>> read = envelope_reader(fields, codec_of(tuple[int, ...]).core_schema)
        >>> read('{"id":"1","payload":[7],"more":true}')
        {'id': '1', 'priority': 0, 'payload': (7,)}
    """
    members = {name: _member(kind, default) for name, kind, default in fields}
    if payload is not None:
        members["payload"] = core_schema.typed_dict_field(payload)
    return SchemaValidator(core_schema.typed_dict_schema(members)).validate_json


def _member(kind: type, default: Any) -> "core_schema.TypedDictField":
    schema = _KINDS[kind]
    if default is ...:
        return core_schema.typed_dict_field(schema)
    if default is None:
        return core_schema.typed_dict_field(core_schema.nullable_schema(schema), required=False)
    return core_schema.typed_dict_field(core_schema.with_default_schema(schema, default=default))
