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
from purista_serverless.testing.journal import Journal

Read = Callable[[dict[str, Any]], tuple[str, bytes]]
"""Gives id and body of the message in a raw record."""


def reader_of(edge: str, function: Function | None, ports: Ports, journal: Journal) -> Read:
    """Give what reads the records of an edge; one that does not decode has the platform's id.

    Args:
        edge: The edge.
        function: The handler behind it, if there is one.
        ports: Where large bodies are.
        journal: Is told of jobs, since AWS makes some of them without our ports.
    """
    unwrapper = Unwrapper(edge, function, ports)

    def message_id_of(edge: str, body: bytes) -> str:
        if not edge.startswith(QUEUE_EDGE):
            return Message.decode(body).id
        job = Job.decode(body)
        journal.enqueued(job)
        return job.id

    def read(raw: dict[str, Any]) -> tuple[str, bytes]:
        (record,) = sqs.decode({"Records": [raw]})
        try:
            body = unwrapper.body(record)
            return message_id_of(edge, body), body
        except PuristaServerlessError:
            return record.id, record.body.encode()

    return read
