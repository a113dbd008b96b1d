"""Commands that answer 202 and cannot say which job they accepted."""

from purista_serverless import Post, ServiceBuilder
from tests.unit.declarations.shapes import ClosingJob, Report, idle

billing = ServiceBuilder("Billing")
closing = billing.queue("billing.closing", ClosingJob)
closing.worker()(idle())


@billing.command("close", ClosingJob, str, http=Post("/close", mode="async")).handler()
def close(ctx, payload: ClosingJob) -> str:
    """Enqueue nowhere."""
    return ""


@billing.command("shut", ClosingJob, Report, http=Post("/shut", mode="async")).handler(can_enqueue=[closing])
def shut(ctx, payload: ClosingJob) -> Report:
    """Return something else than the id of the job."""
    return Report(closed=0)


SERVICES = [billing]
