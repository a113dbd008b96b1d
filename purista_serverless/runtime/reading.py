"""Reading jobs fast: a queue message and its payload in one pass, where a body is what nearly all bodies are."""

from typing import TYPE_CHECKING, Any

from purista_serverless.message.job import FIELDS, Job
from purista_serverless.runtime.dispatch import UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.runtime.function import Function

    # A job, and its payload as its worker takes it: ``UNREAD`` where the dispatch has to load it.
    ReadJob = tuple[Job, Any]


class JobReader:
    """Read the jobs of one queue.

    What does not fit at once is not judged here: it is read again, step by step, and gets its reason there.

    Args:
        queue: Name of the queue.
        function: Its worker.
    """

    __slots__ = ("_payload", "_queue", "_validate")

    def __init__(self, queue: str, function: "Function") -> None:
        self._queue = queue
        # What is transformed first is not of the type yet.
        self._payload = function.payload if function.transform_input is None else None
        self._validate: Callable[[bytes | str], dict[str, Any]] | None = None

    def read(self, body: bytes | str, receives: int) -> "ReadJob | None":
        """Give a job of this queue and its payload; ``None`` for what wants a closer look.

        Args:
            body: What was delivered.
            receives: How often it was, this time included.
        """
        validate = self._validate or self._make()
        try:
            wire = validate(body)
        except Exception:  # noqa: BLE001 - a model's validators are the user's code; the dispatch tells what they raise
            return None
        if wire["queueName"] != self._queue or wire["maxAttempts"] < 1:
            return None
        wire["attempt"] = receives if receives > 0 else 1
        if wire.get("scheduledAt") is None:
            wire["scheduledAt"] = wire["createdAt"]
        if self._payload is None:
            return Job.of(wire), UNREAD
        return Job.of(wire, body), wire["payload"]

    def _make(self) -> "Callable[[bytes | str], dict[str, Any]]":
        """Make the validator, with the first job: a cold start has no use for it."""
        from purista_serverless.schema.envelopes import envelope_reader

        schema = self._payload.core_schema if self._payload is not None else None
        if schema is None:
            self._payload = None
        self._validate = envelope_reader(FIELDS.values(), schema)
        return self._validate
