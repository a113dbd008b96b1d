"""A stack on a moto server: queues, dead letters, a bus, a table and a bucket, and operations on it."""

from collections.abc import Callable, Iterator

import pytest

from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.adapters.aws.stack.operator import StackOperations
from purista_serverless.adapters.aws.stack.outputs import Stack
from tests.unit.aws.ports.server import Moto, moto_server
from tests.unit.aws.stack import shop


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """Give a moto server that the tests of a session share."""
    with moto_server() as server:
        yield server


@pytest.fixture
def stack(moto: Moto) -> Stack:
    """Deploy the shop's queues."""
    bus, _ = moto.bus({"detail-type": ["shop.shipped"]})
    dead_letters = {edge: moto.queue() for edge in shop.DEAD_LETTERS}
    return Stack(
        name="shop",
        queues={edge: moto.fifo() if edge == shop.FIFO else moto.queue() for edge in shop.QUEUES},
        dead_letters={**dead_letters, shop.FIFO: moto.fifo()},
        names={"PURISTA_LEDGER": moto.table(), "PURISTA_EVENT_BUS": bus, "PURISTA_CLAIM_CHECK": moto.bucket()},
    )


@pytest.fixture
def ports(moto: Moto, stack: Stack) -> AwsPorts:
    """Give the ways out of a function that may use everything."""
    return AwsPorts(stack.environment(), clients=moto.client)


@pytest.fixture
def operate(moto: Moto, stack: Stack) -> Iterator[Callable[[], StackOperations]]:
    """Open operations on the stack, as often as wanted; each is closed in the end."""
    opened: list[StackOperations] = []

    def open_one() -> StackOperations:
        opened.append(StackOperations(shop.app, stack, clients=moto.client, patience=0))
        return opened[-1]

    yield open_one
    for operations in opened:
        operations.close()
