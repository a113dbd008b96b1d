"""The subscriptions that write letters."""

from examples.enterprise_billing_cycle.billing.contracts import AccountClosed, ClosingReport, account_closed, closing
from examples.enterprise_billing_cycle.notification.contracts import Letter, notification
from examples.enterprise_billing_cycle.notification.outbox import Outbox
from purista_serverless import Context, QueueResult


@notification.subscribe(closing.completed, "sendStatements", "Tell each customer what was charged")
def send_statements(ctx: Context, result: QueueResult[ClosingReport], *, outbox: Outbox) -> None:
    """Send one statement per invoice."""
    report = result.result
    for invoice in report.invoices:
        text = f"Your account was charged {invoice.total} EUR for {report.cycle_id}."
        letter = Letter(to=invoice.account_id, text=text, amount=invoice.total)
        outbox.send(f"{report.cycle_id}/{invoice.account_id}", letter)


@notification.subscribe(closing.failed, "alertOperations", "Tell operations that a cycle could not be closed")
def alert_operations(ctx: Context, result: QueueResult[ClosingReport], *, outbox: Outbox) -> None:
    """Send the reason to those who can mend it."""
    outbox.send(f"failed/{result.job_id}", Letter(to="operations", text=f"Closing failed: {result.reason}"))


@notification.subscribe(account_closed, "sendFarewell", "Confirm that an account is closed")
def send_farewell(ctx: Context, closed: AccountClosed, *, outbox: Outbox) -> None:
    """Send the confirmation."""
    letter = Letter(to=closed.account_id, text=f"Your account is closed since {closed.closed_on}.")
    outbox.send(f"farewell/{closed.account_id}", letter)
