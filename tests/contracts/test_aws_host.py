"""The contract of hosts on Lambda, once for each way in which a body reaches a function."""

from purista_serverless.testing.contracts.host import Case, HostContract, Reply
from tests.contracts.hosting_aws_host import claimed, deliver, grouped, plain


class TestStandardQueues(HostContract):
    """Direct invocations; jobs on standard queues; events in what EventBridge puts onto them."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver(case, plain)


class TestFifoQueues(HostContract):
    """Batches of FIFO queues, each message in a group of its own."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver(case, grouped)


class TestClaims(HostContract):
    """Bodies that were too big for their edge."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver(case, claimed)
