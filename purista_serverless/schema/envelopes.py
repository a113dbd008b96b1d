"""Envelopes read together with their payload: one pass over the bytes, with every type checked on the way."""

from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic_core import CoreSchema

    from purista_serverless.schema.codec import Codec

_PAYLOAD = "payload"
_TEXT = core_schema.str_schema(strict=True)
_KINDS: "dict[type, CoreSchema]" = {
    str: _TEXT,
    int: core_schema.int_schema(strict=True),
    dict: core_schema.dict_schema(_TEXT, _TEXT),
    object: core_schema.any_schema(),
}


def envelope_reader(
    fields: "Iterable[tuple[str, type, Any]]", payload: "Codec | None" = None, *, loaded_as: str = "loaded"
) -> "Callable[[bytes | str], dict[str, Any]]":
    """Give a function that reads one kind of envelope from JSON; members that are not asked for are left out.

    It raises ``ValueError`` for what does not match, and whatever the validators of a user's own model raise.

    Args:
        fields: The members: name, kind (``str``, ``int``, ``dict`` of texts, or ``object`` for anything), and what
            stands for one that is left out: ``...`` for nothing; with ``None`` it may be ``null`` as well.
        payload: The type of the member ``payload``, which then comes twice: as it is, and loaded.
        loaded_as: Name of the second; there is none where pydantic has no schema of the type.

    Example:
        >>> from purista_serverless.schema import codec_of
        >>> read = envelope_reader([("id", str, ...), ("payload", object, None)], codec_of(tuple[int, ...]))
        >>> read('{"id":"1","payload":[7],"more":true}')
        {'id': '1', 'payload': [7], 'loaded': (7,)}
    """
    members = {name: _member(kind, default) for name, kind, default in fields}
    if payload is not None and payload.core_schema is not None:
        members[loaded_as] = core_schema.typed_dict_field(payload.core_schema, validation_alias=_PAYLOAD)
    return SchemaValidator(core_schema.typed_dict_schema(members)).validate_json


def _member(kind: type, default: Any) -> "core_schema.TypedDictField":
    schema = _KINDS[kind]
    if default is ...:
        return core_schema.typed_dict_field(schema)
    if default is None:
        schema = core_schema.nullable_schema(schema)
    return core_schema.typed_dict_field(core_schema.with_default_schema(schema, default=default))
