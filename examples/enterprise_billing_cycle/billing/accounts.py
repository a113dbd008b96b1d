"""The accounts and what they pay. A real service would keep them in its database."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from examples.enterprise_billing_cycle.billing.contracts import Invoice, billing

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Prices in EUR, without VAT."""

    monthly: Decimal
    per_unit: Decimal


TARIFFS = {
    "basic": Tariff(monthly=Decimal("19.90"), per_unit=Decimal("0.125")),
    "gold": Tariff(monthly=Decimal("149.00"), per_unit=Decimal("0.0825")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer; ``units`` is what it uses in a usual month."""

    id: str
    tariff: str
    units: int
    closed_on: date | None = None

    def used_in(self, cycle_id: str) -> int:
        """Give the units of a cycle: a little more each month."""
        month = int(cycle_id[-2:])
        return self.units + self.units * month // 25

    def invoice(self, cycle_id: str, vat_percent: Decimal) -> Invoice:
        """Price a cycle.

        Raises:
            KeyError: No such tariff.
        """
        tariff = TARIFFS[self.tariff]
        net = (tariff.monthly + tariff.per_unit * self.used_in(cycle_id)).quantize(CENT)
        return Invoice(account_id=self.id, net=net, vat=(net * vat_percent / 100).quantize(CENT))


class Accounts:
    """All accounts, by id."""

    def __init__(self, *accounts: Account) -> None:
        self._accounts = {account.id: account for account in accounts}

    def get(self, account_id: str) -> Account | None:
        """Give an account, if there is one."""
        return self._accounts.get(account_id)

    def change(self, account_id: str, *, tariff: str | None = None, closed_on: date | None = None) -> None:
        """Change an account's tariff, or close it."""
        account = self._accounts[account_id]
        self._accounts[account_id] = replace(
            account, tariff=tariff or account.tariff, closed_on=closed_on or account.closed_on
        )

    def paying_for(self, cycle_id: str) -> tuple[Account, ...]:
        """Give the accounts that were not closed before a cycle began."""
        known = self._accounts.values()
        return tuple(account for account in known if not account.closed_on or f"{account.closed_on:%Y-%m}" >= cycle_id)


def open_accounts() -> Accounts:
    """Open the accounts that the example begins with."""
    return Accounts(
        Account(id="acme", tariff="basic", units=260),
        Account(id="globex", tariff="gold", units=5_150),
        Account(id="hooli", tariff="gold", units=9_730),
        Account(id="initech", tariff="basic", units=415),
        Account(id="umbrella", tariff="basic", units=1_090),
    )


billing.resource("accounts", Accounts, open_accounts)
