"""The contract of record stores on DynamoDB, as moto keeps it."""

from collections.abc import Iterator

import pytest

from purista_serverless.runtime.ports import Clock, LedgerStore
from purista_serverless.testing.contracts.ledger import LedgerContract
from tests.unit.aws.ports.server import Moto, moto_server


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """Give a moto server."""
    with moto_server() as server:
        yield server


class TestLedger(LedgerContract):
    """Records in DynamoDB."""

    moto: Moto

    @pytest.fixture(autouse=True)
    def _server(self, moto: Moto) -> None:
        self.moto = moto

    def open_store(self, clock: Clock) -> LedgerStore:
        """Give the records of a new table."""
        return self.moto.ports({"PURISTA_LEDGER": self.moto.table()}, clock=clock).ledger
