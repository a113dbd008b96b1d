"""Logging with correlation fields, over the standard library."""

import logging
from typing import TYPE_CHECKING, Any

from purista_serverless.message.wire import format_json

if TYPE_CHECKING:
    from purista_serverless.runtime.context import Context

LOGGER = logging.getLogger("purista_serverless")

FIELDS = ("function", "messageId", "correlationId", "traceId", "tenantId", "principalId", "attempt")


def logger_for(context: "Context") -> "logging.LoggerAdapter[Any]":
    """Give a logger that adds the fields of a context to each record."""
    values = (
        context.function.name,
        context.message.id,
        context.correlation_id,
        context.trace_id,
        context.tenant_id,
        context.principal_id,
        context.attempt,
    )
    fields = {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
    return logging.LoggerAdapter(LOGGER, {"purista": fields})


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
