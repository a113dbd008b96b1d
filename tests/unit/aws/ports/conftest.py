"""A moto server for all tests of the ports."""

from collections.abc import Iterator

import pytest

from tests.unit.aws.ports.server import Moto, moto_server


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """Give a moto server that the tests of a session share."""
    with moto_server() as server:
        yield server
