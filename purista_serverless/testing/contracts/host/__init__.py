"""What every host does with a delivery: ``HostContract``, and the groups that it is made of."""

from purista_serverless.testing.contracts.host.case import Case, Record, Reply, Settlement
from purista_serverless.testing.contracts.host.context import Contexts
from purista_serverless.testing.contracts.host.dispatch import Answers, Batches, Dispatch

__all__ = ["Case", "HostContract", "Record", "Reply", "Settlement"]


class HostContract(Dispatch, Answers, Batches, Contexts):
    """Behaviour of hosts that every adapter keeps; the adapter's class supplies ``deliver``."""
