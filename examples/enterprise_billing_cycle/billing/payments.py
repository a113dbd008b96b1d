"""The payment provider: slow, now and then down, and it knows its idempotency keys."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from examples.enterprise_billing_cycle.billing.contracts import billing


class ProviderDown(ConnectionError):
    """The provider does not answer; nothing was charged."""


class PaymentProvider:
    """A stand-in for the provider's client.

    Args:
        latency: How long a payment takes.
        outages: How often a payment fails before it goes through, by its key.
    """

    def __init__(self, *, latency: timedelta = timedelta(0), outages: dict[str, int] | None = None) -> None:
        self.payments: dict[str, Decimal] = {}
        self._latency = latency.total_seconds()
        self._outages = dict(outages or {})

    async def charge(self, account_id: str, amount: Decimal, *, key: str, credential: str) -> None:
        """Charge an account; the same key charges once, however often it is used.

        Raises:
            ProviderDown: The provider is down.
            PermissionError: There is no credential.
            ValueError: The key was used for another amount.
        """
        if not credential:
            raise PermissionError(f"cannot charge {account_id} without a credential")
        await asyncio.sleep(self._latency)
        if self._outages.get(key, 0) > 0:
            self._outages[key] -= 1
            raise ProviderDown("the payment provider is down")
        if self.payments.setdefault(key, amount) != amount:
            raise ValueError(f"{key} was paid with {self.payments[key]}, not {amount}")


billing.resource("payments", PaymentProvider, PaymentProvider)
