"""Parameters that only one side knows."""

from purista_serverless import ServiceBuilder
from tests.unit.declarations.shapes import AccountPath, ClosingJob, CycleDue, idle

billing = ServiceBuilder("Billing")
due = billing.event("billing.cycleDue", CycleDue)
plain = billing.queue("billing.plain", ClosingJob)
plain.worker()(idle())
addressed = billing.queue("billing.addressed", ClosingJob, parameter=AccountPath)


@addressed.worker()
def close(ctx, job: ClosingJob, parameter: AccountPath) -> None:
    """Close."""


billing.bind_event_to_queue(due, plain, map_parameter=lambda event: {"accountId": event.cycle_id})
billing.bind_event_to_queue(due, addressed)
SERVICES = [billing]
