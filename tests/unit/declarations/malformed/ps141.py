"""An event that does not fit the queue as it is."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import AccountJob, CycleDue

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
accounts = billing.queue("billing.accounts", AccountJob)


@accounts.worker()
def work(ctx, job: AccountJob) -> None:
    """Work."""


billing.bind_event_to_queue(due, accounts)
SERVICES = [billing]
