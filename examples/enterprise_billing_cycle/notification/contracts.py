"""What Notification is called, and the letters that it sends."""

from decimal import Decimal

from purista_serverless import Model, ServiceBuilder

notification = ServiceBuilder("Notification", version="1", description="Writes to customers", owner="customer-care")


class Letter(Model):
    """A letter to a customer, or to our own operations; ``amount`` is the sum that it names, in EUR."""

    to: str
    text: str
    amount: Decimal = Decimal(0)
