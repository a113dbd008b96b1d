"""The contract of hosts on Cloud Run, once for each way in which something reaches a function."""

from purista_serverless.testing.contracts.host import REQUEST_LACKS, Case, HostContract, Reply, Settlement
from tests.contracts.hosting_gcp_host import (
    AGAIN,
    CLOUD_EVENT_LACKS,
    as_cloud_event,
    by_eventarc,
    claimed,
    deliver,
    put_off,
    unwrapped,
    wrapped,
)
from tests.contracts.hosting_gcp_requests import deliver_unchecked, deliver_with_token
from tests.contracts.hosting_gcp_schedules import deliver_knocks, deliver_slots
from tests.contracts.hosting_schedules import SLOT_LACKS


class Pushed(HostContract):
    """A suite whose messages are pushed by Pub/Sub: after a failure they come again as the subscription says."""

    def after_failure(self, attempt: int) -> Settlement:
        """Give what the answer to a push tells of it."""
        return AGAIN


class TestWrappedPushes(Pushed):
    """Invocations of commands; pushes of our own subscriptions."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, wrapped)


class TestPutOffMessages(Pushed):
    """Messages that a task has published again."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, put_off)


class TestEventarc(Pushed):
    """Messages that a trigger of Eventarc delivers, to no path of ours."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, by_eventarc)


class TestUnwrappedPushes(Pushed):
    """Pushes without a wrapper, whose metadata are headers."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, unwrapped)


class TestCloudEvents(Pushed):
    """Events that were published with the attributes of CloudEvents, pushed without a wrapper."""

    lacks = CLOUD_EVENT_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, as_cloud_event)


class TestClaims(Pushed):
    """Bodies that were too big for their edge."""

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver(case, claimed)


class TestSlots(Pushed):
    """Slots that Cloud Scheduler publishes to workers, subscriptions and the calls of commands."""

    lacks = SLOT_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver_slots(case)


class TestGates(Pushed):
    """Slots that Cloud Scheduler publishes to a gate, which sends jobs, events and calls of its own."""

    lacks = SLOT_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entries, the gate's and the handler's."""
        return deliver_knocks(case)


class TestRequests(HostContract):
    """Requests that Cloud Run's own access control has let through."""

    lacks = REQUEST_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver_with_token(case)


class TestOpenRequests(HostContract):
    """Requests to an open function, of callers whom the application's ``authenticate`` knows."""

    lacks = REQUEST_LACKS

    def deliver(self, case: Case) -> Reply:
        """Deliver through Cloud Run's entry."""
        return deliver_unchecked(case)
