"""The contract of record stores on Google's own Firestore emulator."""

from collections.abc import Iterator
from itertools import count

import pytest

from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.runtime.ports import Clock, LedgerStore
from purista_serverless.testing.contracts.ledger import LedgerContract
from tests.connected.gcp.tools import firestore

pytestmark = pytest.mark.connected

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Give a Firestore emulator."""
    with firestore() as running:
        yield running


class TestLedger(LedgerContract):
    """Records in Firestore."""

    server: Server

    @pytest.fixture(autouse=True)
    def _server(self, server: Server) -> None:
        self.server = server

    def open_store(self, clock: Clock) -> LedgerStore:
        """Give the records of a new database."""
        environment = {
            "FIRESTORE_EMULATOR_HOST": self.server.host,
            "PURISTA_PROJECT": "demo",
            "PURISTA_LEDGER": f"ledger-{next(_NUMBERS)}",
        }
        return GcpPorts(environment, clock=clock).ledger

    def test_another_process_writes_the_version_that_it_was_told(self, clock: Clock) -> None:
        """A store that has never read a record changes it by its version, and one that is late does not."""
        first = self.open_store(clock)
        second = GcpPorts(dict(first._deployment.environment), clock=clock).ledger  # type: ignore[attr-defined]  # noqa: SLF001
        first.write("queue:closing/1", {"n": 1}, expected=0)

        assert second.write("queue:closing/1", {"n": 2}, expected=1)
        assert not first.write("queue:closing/1", {"n": 3}, expected=1)
        assert first.write("queue:closing/1", {"n": 3}, expected=2)

    @pytest.mark.parametrize("key", ["__id__", ".", "a/__b__", "queue:a/ü" + "x" * 1_600], ids=str)
    def test_every_key_has_a_document(self, clock: Clock, key: str) -> None:
        """What Firestore reserves, or finds too long, is a key like any other."""
        store = self.open_store(clock)
        store.write(key, {"n": 1}, expected=0)

        found = store.read(key)
        assert found is not None
        assert [name for name, _ in store.scan(key)] == [key]
