"""The contract of hosts on the embedded runtime's HTTP surface."""

from purista_serverless.testing.contracts.host import REQUEST_LACKS, Case, HostContract, Reply
from tests.contracts.hosting_embedded_http import deliver_request


class TestHttp(HostContract):
    """Commands that come as requests, of callers whom the application's ``authenticate`` knows."""

    lacks = REQUEST_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through the surface, from a file in memory."""
        return deliver_request(case, ":memory:")
