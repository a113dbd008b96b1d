"""Terraform's plugin protocol, version 6: the messages of it that a provider of schemas needs.

Fields that are left out are skipped when a message is read, and have their defaults when one is written.
"""

from collections.abc import Mapping
from typing import Any

import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin6"
PROTOCOL = 6

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "int64": _Field.TYPE_INT64,
    "bool": _Field.TYPE_BOOL,
    # Enumerations are written as these are.
    "int32": _Field.TYPE_INT32,
}

# Number, name and type of each field; `*` is a list.
_MESSAGES: Mapping[str, tuple[tuple[int, str, str], ...]] = {
    "Empty": (),
    "DynamicValue": ((1, "msgpack", "bytes"), (2, "json", "bytes")),
    "Step": ((1, "attribute_name", "string"),),
    "Path": ((1, "steps", "*Step"),),
    "Diagnostic": (
        (1, "severity", "int32"),
        (2, "summary", "string"),
        (3, "detail", "string"),
        (4, "attribute", "Path"),
    ),
    "Attribute": (
        (1, "name", "string"),
        (2, "type", "bytes"),
        (4, "required", "bool"),
        (5, "optional", "bool"),
        (6, "computed", "bool"),
    ),
    "Block": ((2, "attributes", "*Attribute"), (3, "block_types", "*Nested")),
    "Nested": (
        (1, "type_name", "string"),
        (2, "block", "Block"),
        (3, "nesting", "int32"),
        (4, "min_items", "int64"),
        (5, "max_items", "int64"),
    ),
    "Schema": ((2, "block", "Block"),),
    "NamedSchema": ((1, "key", "string"), (2, "value", "Schema")),
    "Schemas": (
        (1, "provider", "Schema"),
        (2, "resource_schemas", "*NamedSchema"),
        (3, "data_source_schemas", "*NamedSchema"),
    ),
    "Configuration": ((1, "type_name", "string"), (2, "config", "DynamicValue")),
    "Problems": ((1, "diagnostics", "*Diagnostic"),),
    "RawState": ((1, "json", "bytes"),),
    "Upgrade": ((1, "type_name", "string"), (3, "raw_state", "RawState")),
    "Stored": ((1, "type_name", "string"), (2, "current_state", "DynamicValue")),
    "State": ((1, "state", "DynamicValue"),),
    # Plan and apply have the same shape; an apply calls the third field "planned_state".
    "Change": ((1, "type_name", "string"), (2, "prior_state", "DynamicValue"), (3, "proposed", "DynamicValue")),
    "Planned": ((1, "planned_state", "DynamicValue"), (2, "requires_replace", "*Path"), (5, "legacy", "bool")),
    "Applied": ((1, "new_state", "DynamicValue"), (4, "legacy", "bool")),
    # Where the configuration of the provider itself arrives.
    "Settings": ((1, "terraform_version", "string"), (2, "config", "DynamicValue")),
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="provider.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            _add(message, number, field, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES
    }


def _add(message: Any, number: int, name: str, kind: str) -> None:
    label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
    plain = kind.removeprefix("*")
    field = message.field.add(name=name, number=number, label=label, type=_SCALARS.get(plain, _Field.TYPE_MESSAGE))
    if plain not in _SCALARS:
        field.type_name = f".{PACKAGE}.{plain}"


# The messages by name.
MESSAGES = _classes()

# What is known after the apply only.
UNKNOWN = msgpack.ExtType(0, b"\x00")


def is_unknown(value: object) -> bool:
    """Tell whether a value will be known after the apply only."""
    return isinstance(value, msgpack.ExtType)


def to_value(message: Any) -> Any:
    """Read a value of the configuration or of the state."""
    return msgpack.unpackb(message.msgpack, ext_hook=msgpack.ExtType, strict_map_key=False)


def from_value(value: Any) -> Any:
    """Write a value of the configuration or of the state."""
    return MESSAGES["DynamicValue"](msgpack=msgpack.packb(value))
