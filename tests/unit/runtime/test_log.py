"""Logging with correlation fields, and as JSON lines."""

import io
import json
import logging

import pytest

from purista_serverless import ServiceBuilder
from purista_serverless.runtime.log import FIELDS, LOGGER, JsonFormatter, log_as_json
from purista_serverless.testing import context
from tests.cold.interpreter import modules_after

shop = ServiceBuilder("Shop")
orders = shop.queue("shop.orders", int)


@orders.worker()
def count(ctx, amount: int) -> None:
    """Log a line, as users do."""
    ctx.log.info("counted %d", amount)


def line_of(record: logging.LogRecord) -> dict[str, object]:
    """Give the object that a record is written as."""
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line: dict[str, object] = json.loads(text)
    return line


def test_a_handlers_records_carry_the_correlation_fields(caplog):
    """What a handler logs names its function, message and identity; what is not known is left out."""
    ctx = context(count, tenant_id="t", correlation_id="c", attempt=2, message_id="j1")
    with caplog.at_level(logging.INFO, LOGGER.name):
        ctx.dispatch(5)
    line = line_of(caplog.records[0])

    assert line == {
        "level": "INFO",
        "logger": "purista_serverless",
        "message": "counted 5",
        "function": "Shop v1 > shop.orders",
        "messageId": "j1",
        "correlationId": "c",
        "traceId": line["traceId"],
        "tenantId": "t",
        "attempt": 2,
    }
    assert set(line) - {"level", "logger", "message"} == set(FIELDS) - {"principalId"}


def test_a_record_of_another_library_is_a_line_too():
    """Records without our fields have the three standard ones, and any text fits into one line."""
    record = logging.LogRecord("app", logging.WARNING, "", 1, 'two\nlines, "quoted" €', (), None)

    assert line_of(record) == {"level": "WARNING", "logger": "app", "message": 'two\nlines, "quoted" €'}


def test_an_exception_is_one_field():
    """The traceback goes into its line."""
    error = ValueError("boom")
    record = logging.LogRecord("app", logging.ERROR, "", 1, "failed", (), (ValueError, error, None))

    assert str(line_of(record)["exception"]).endswith("ValueError: boom")


@pytest.fixture
def root():
    """Give the root logger and leave it as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_all_records_of_the_process_become_json(root):
    """The root's only handler writes lines; what is below the level is left out."""
    log_as_json(logging.WARNING)
    [handler] = root.handlers
    handler.setStream(stream := io.StringIO())
    logging.getLogger("app").info("quiet")
    logging.getLogger("app").warning("loud")

    assert json.loads(stream.getvalue())["message"] == "loud"


def test_a_handler_that_logs_nothing_loads_no_logging():
    """The logging module is paid for by those who log."""
    loaded = modules_after("import purista_serverless.runtime.context, purista_serverless.runtime.dispatch")

    assert "purista_serverless.runtime.log" not in loaded
