"""A service as a deployed function imports it: it knows its own declarations, and nothing of the application."""

from purista_serverless import ServiceBuilder

shop = ServiceBuilder("Shop")
orders = shop.queue("shop.orders", str)
letters = shop.queue("shop.letters", str, tracking="terminal")
place = shop.command("place", str, str)
shop.resource("bank", str, lambda: "the real bank")


@place.handler(can_enqueue=[orders, letters])
def place_order(ctx, order: str, *, bank: str) -> str:
    """Enqueue an order, and say which bank was given."""
    ctx.enqueue(orders, order, idempotency_key=order)
    return bank


@orders.worker()
def fulfil(ctx, order: str) -> None:
    """Do nothing with an order."""


@letters.worker()
def send(ctx, letter: str) -> None:
    """Do nothing with a letter."""


def fake_bank() -> str:
    """Give a bank for tests."""
    return "a fake bank"


def authenticate(request) -> None:
    """Know nobody."""


def knocked(ctx, payload: str) -> str:
    """Answer a knock."""
    return payload


def rung(ctx, payload: str) -> str:
    """Answer a ring."""
    return payload
