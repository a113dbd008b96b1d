"""What a raw record carries, in the core's words: read by the adapter's own code, as the function will read it."""

from collections.abc import Callable
from typing import Any

from purista_serverless.adapters.aws.codecs import sqs
from purista_serverless.adapters.aws.constants import QUEUE_EDGE
from purista_serverless.adapters.aws.direct import Unwrapper
from purista_serverless.errors import PuristaServerlessError
from purista_serverless.message import Job, Message
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ports import Ports

Read = Callable[[dict[str, Any]], tuple[str, bytes]]
"""Gives id and body of the message in a raw record."""


def reader_of(edge: str, function: Function | None, ports: Ports) -> Read:
    """Give what reads the records of an edge; one that does not decode has the platform's id.

    Args:
        edge: The edge.
        function: The handler behind it, if there is one.
        ports: Where large bodies are.
    """
    unwrapper = Unwrapper(edge, function, ports)

    def read(raw: dict[str, Any]) -> tuple[str, bytes]:
        (record,) = sqs.decode({"Records": [raw]})
        try:
            body = unwrapper.body(record)
            return (Job if edge.startswith(QUEUE_EDGE) else Message).decode(body).id, body
        except PuristaServerlessError:
            return record.id, record.body.encode()

    return read
