"""The book: revenue and VAT of every invoice, each written once."""

from decimal import Decimal
from typing import Literal

from examples.enterprise_billing_cycle.ledger.contracts import ledger

Side = Literal["revenue", "vat"]


class Book:
    """Entries by invoice and side. A real ledger would be a table with that primary key."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, Side], Decimal] = {}
        self.repeated = 0

    def write(self, invoice: str, side: Side, amount: Decimal) -> None:
        """Write an entry; one that is there already stays, because an event may arrive more than once."""
        if (invoice, side) in self.entries:
            self.repeated += 1
        else:
            self.entries[invoice, side] = amount


ledger.resource("book", Book, Book)
