"""What every host does with a delivery: ``HostContract``, and the groups that it is made of."""

from purista_serverless.testing.contracts.host.case import Case, Record, Reply, Settlement
from purista_serverless.testing.contracts.host.context import Contexts
from purista_serverless.testing.contracts.host.dispatch import Answers, Batches, Dispatch
from purista_serverless.testing.contracts.host.needs import NEEDS, Need, asking_for
from purista_serverless.testing.contracts.host.requests import REQUEST_LACKS, RequestParts, request_of, response_of

__all__ = [
    "NEEDS",
    "REQUEST_LACKS",
    "Case",
    "HostContract",
    "Need",
    "Record",
    "Reply",
    "RequestParts",
    "Settlement",
    "asking_for",
    "request_of",
    "response_of",
]


class HostContract(Dispatch, Answers, Batches, Contexts):
    """Behaviour of hosts that every adapter keeps; the adapter's class supplies ``deliver``."""
