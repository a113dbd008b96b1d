"""What a push carries, in the core's words: read by the adapter's own code, as the function will read it."""

from purista_serverless.adapters.gcp.codecs.push import Pushed
from purista_serverless.adapters.gcp.constants import QUEUE_EDGE
from purista_serverless.adapters.gcp.direct import Unwrapper
from purista_serverless.errors import PuristaServerlessError
from purista_serverless.message import Job, Message
from purista_serverless.runtime.function import Function
from purista_serverless.runtime.ports import Ports
from purista_serverless.testing.journal import Journal
from tests.contracts.gcp.pushing import Read


def reader_of(edge: str, function: Function | None, ports: Ports, journal: Journal) -> Read:
    """Give what reads the pushes of an edge; one that does not decode has the platform's id.

    Args:
        edge: The edge.
        function: The handler behind it, if there is one.
        ports: Where large bodies are.
        journal: Is told of jobs, since Cloud Scheduler makes some of them without our ports.
    """
    unwrapper = Unwrapper(edge, function, ports)

    def message_id_of(body: bytes) -> str:
        if not edge.startswith(QUEUE_EDGE):
            return Message.decode(body).id
        job = Job.decode(body)
        journal.enqueued(job)
        return job.id

    def read(pushed: Pushed) -> tuple[str, bytes]:
        try:
            body = unwrapper.body(pushed)
            return message_id_of(body), body
        except PuristaServerlessError:
            return pushed.id, pushed.data

    return read
