"""The pydantic base for what travels, and the payload of a queue's result events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from purista_serverless.errors import InvalidPayload

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

R = TypeVar("R")


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
    without a default is sent as ``null``.

    Example:
        >>> class CycleDue(Model):
        ...     cycle_id: str
        ...     note: str | None = None
        >>> CycleDue(cycle_id="2026-01").model_dump_json()
        '{"cycleId":"2026-01"}'
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
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


class ResultReason(Model):
    """Why a job did not succeed."""

    reason: str


class QueueResult(Model, Generic[R]):
    """Tell how a job of a queue ended: the payload of its result events, in upstream's shape.

    ``payload`` is the worker's result after a success and a ``ResultReason`` otherwise. ``attempt`` counts from 1.
    """

    job_id: str
    queue_name: str
    status: Literal["success", "failed", "cancelled", "dead-lettered", "progress"]
    attempt: int
    payload: R | ResultReason | None = None
    headers: dict[str, str] | None = None
    trace_id: str | None = None
    correlation_id: str | None = None
    tenant_id: str | None = None
    principal_id: str | None = None
    run_id: str | None = None

    @property
    def result(self) -> R:
        """Give what the worker returned.

        Raises:
            InvalidPayload: The job did not succeed, so there is no result; look at ``status`` first.
        """
        if self.status != "success":
            ending = f"the job ended as {self.status!r}" + (f" ({self.reason})" if self.reason else "")
            raise InvalidPayload(f"result of job {self.job_id}", [{"path": "status", "message": ending}])
        return self.payload  # type: ignore[return-value]

    @property
    def reason(self) -> str | None:
        """Give why the job did not succeed; ``None`` after a success."""
        if self.status == "success":
            return None
        # A result type that takes anything, or that has a `reason` itself, wins over `ResultReason` when loaded.
        payload: object = self.payload
        return payload.get("reason") if isinstance(payload, Mapping) else getattr(payload, "reason", None)
