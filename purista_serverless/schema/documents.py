"""The JSON Schemas of many types in one document, which share their definitions."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from purista_serverless.schema.codec import adapter_of
from purista_serverless.schema.contract import Mode

Wanted = tuple[Any, Mode]


def json_schemas_of(
    wanted: Iterable[Wanted], template: str
) -> tuple[dict[Wanted, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Give a schema per type and mode, and the definitions that they refer to, by name.

    Types of one name are told apart by their modules, and what a model accepts from what it sends where these differ.

    Args:
        wanted: Types, each with what is described: ``"validation"`` what is accepted, ``"serialization"`` what is sent.
        template: How a definition is referred to: ``"#/components/schemas/{model}"`` for instance.

    Example:
        >>> json_schemas_of([(int, "validation")], "#/$defs/{model}")
        ({(<class 'int'>, 'validation'): {'type': 'integer'}}, {})
    """
    inputs: list[tuple[Any, Mode, TypeAdapter[Any]]] = [
        (declared, mode, adapter_of(declared)) for declared, mode in dict.fromkeys(wanted)
    ]
    schemas, document = TypeAdapter.json_schemas(inputs, by_alias=True, ref_template=template)
    definitions: dict[str, dict[str, Any]] = document.get("$defs", {})
    found: dict[Wanted, dict[str, Any]] = dict(schemas)
    return found, {name: definitions[name] for name in sorted(definitions)}
