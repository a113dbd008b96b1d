"""The contract of hosts on Lambda, once for each way in which something reaches a function."""

from purista_serverless.testing.contracts.host import REQUEST_LACKS, Case, HostContract, Reply
from tests.contracts.hosting_aws_gates import deliver_knocks
from tests.contracts.hosting_aws_host import claimed, deliver, grouped, plain
from tests.contracts.hosting_aws_requests import deliver_request, function_url, http_api, http_api_old_format, rest_api
from tests.contracts.hosting_aws_slots import RULE_LACKS, deliver_events, deliver_slots
from tests.contracts.hosting_schedules import SLOT_LACKS


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


class TestDirectRules(HostContract):
    """Events that a rule puts onto a worker's queue, for a binding that needs no code."""

    lacks = RULE_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_events(case)


class TestSchedulerSlots(HostContract):
    """Slots that EventBridge Scheduler sends to workers, to subscriptions by way of the bus, and to commands."""

    lacks = SLOT_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_slots(case)


class TestGates(HostContract):
    """Slots that EventBridge Scheduler sends to a gate, which sends jobs, events and calls of its own."""

    lacks = SLOT_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entries, the gate's and the handler's."""
        return deliver_knocks(case)


class Requests(HostContract):
    """A suite whose commands come as requests."""

    lacks = REQUEST_LACKS


class TestHttpApi(Requests):
    """Requests to HTTP APIs, payload format 2.0."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_request(case, http_api)


class TestHttpApiOldFormat(Requests):
    """Requests to HTTP APIs, payload format 1.0."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_request(case, http_api_old_format)


class TestRestApi(Requests):
    """Requests to REST APIs."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_request(case, rest_api)


class TestFunctionUrl(Requests):
    """Requests to function URLs, of callers whom the application's ``authenticate`` knows."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Lambda's entry."""
        return deliver_request(case, function_url)
