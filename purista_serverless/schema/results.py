"""The payload of a queue's result events; loaded by those who subscribe to them."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from pydantic.errors import PydanticUserError

from purista_serverless.errors import InvalidPayload
from purista_serverless.schema.codec import unsupported
from purista_serverless.schema.models import Model

R = TypeVar("R")


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

    def __class_getitem__(cls, result: Any) -> Any:
        """Give the model for a type of result.

        Raises:
            DeclarationError: The type cannot travel as JSON.
        """
        try:
            return super().__class_getitem__(result)
        except PydanticUserError as error:
            raise unsupported(result, error) from error

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
