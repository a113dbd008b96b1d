"""The pydantic base for what travels."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


def _is_none(value: object) -> bool:
    return value is None


def _fields_of(schema: Any) -> list[Any]:
    # A model's validators wrap its fields; a schema that refers to itself carries its definitions along.
    while schema["type"] != "model-fields":
        if "schema" not in schema:
            return []
        schema = schema["schema"]
    return list(schema["fields"].values())


def _defaults_to_none(schema: Any) -> bool:
    while schema["type"].startswith("function-") and "schema" in schema:
        schema = schema["schema"]
    return schema["type"] == "default" and schema.get("default", ...) is None


class Model(BaseModel):
    """Describe a payload, parameter or result: camelCase on the wire, snake_case in Python, immutable.

    A field may be given by either name. Unknown fields are ignored, because a newer producer may send more than this
    consumer knows. A field whose default is ``None`` is left out of the JSON while it is ``None``; a nullable field
    without a default is sent as ``null``. Numbers are finite, since JSON has no others.

    Example:
        >>> class CycleDue(Model):
        ...     cycle_id: str
        ...     note: str | None = None
        >>> CycleDue(cycle_id="2026-01").model_dump_json()
        '{"cycleId":"2026-01"}'
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        allow_inf_nan=False,
        frozen=True,
        extra="ignore",
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Have every field with the default ``None`` left out of the JSON while it is ``None``."""
        schema = handler(source)
        for field in _fields_of(handler.resolve_ref_schema(schema)):
            if _defaults_to_none(field["schema"]):
                field["serialization_exclude_if"] = _is_none
        return schema
