"""The subscription that writes closed cycles into the book."""

from examples.enterprise_billing_cycle.billing.contracts import ClosingReport, closing
from examples.enterprise_billing_cycle.ledger.book import Book
from examples.enterprise_billing_cycle.ledger.contracts import ledger
from purista_serverless import Context, QueueResult


@ledger.subscribe(closing.completed, "recordBillingResult", "Write the invoices of a closed cycle into the book")
def record(ctx: Context, result: QueueResult[ClosingReport], *, book: Book) -> None:
    """Write revenue and VAT of each invoice."""
    report = result.result
    for invoice in report.invoices:
        name = f"{report.cycle_id}/{invoice.account_id}"
        book.write(name, "revenue", invoice.net)
        book.write(name, "vat", invoice.vat)
