"""Logging with correlation fields, over the standard library."""

import logging
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from purista_serverless.runtime.context import Context

LOGGER = logging.getLogger("purista_serverless")

FIELDS = ("function", "messageId", "correlationId", "traceId", "tenantId", "principalId", "attempt")


class ContextLogger(logging.LoggerAdapter):  # type: ignore[type-arg]  # generic for checkers only
    """A logger whose records carry the correlation fields, collected for the first line that is really written."""

    # Of the class, as they are the same for all: there is a logger per message, and most lines are not written.
    logger = LOGGER
    extra = None
    isEnabledFor: Any = LOGGER.isEnabledFor  # noqa: N815 - the standard library's name
    _fields: "dict[str, Any] | None" = None

    def __init__(self, context: "Context") -> None:
        self._context = context

    def process(self, msg: Any, kwargs: "MutableMapping[str, Any]") -> "tuple[Any, MutableMapping[str, Any]]":
        """Add the fields to what the caller gives as ``extra``."""
        if self._fields is None:
            self._fields = fields_of(self._context)
        return msg, {**kwargs, "extra": {**(kwargs.get("extra") or {}), "purista": self._fields}}


def fields_of(context: "Context") -> dict[str, Any]:
    """Give the correlation fields of a context, without those that it has not."""
    values = (
        context.function.name,
        context.message.id,
        context.correlation_id,
        context.trace_id,
        context.tenant_id,
        context.principal_id,
        context.attempt,
    )
    return {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}


class JsonFormatter(logging.Formatter):
    """Format records as one JSON object a line, with the correlation fields at the top level.

    Example:
        >>> record = logging.LogRecord("app", logging.INFO, "", 1, "closed %s", ("a1",), None)
        >>> JsonFormatter().format(record).split(',')[1:]
        ['"logger":"app"', '"message":"closed a1"}']
    """

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its newline."""
        line: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "purista", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return format_json(line).decode()


def log_as_json(level: int = logging.INFO) -> None:
    """Send all log records of the process to standard error as JSON lines.

    Args:
        level: The lowest level to log.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
