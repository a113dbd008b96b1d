"""Google's APIs on loopback, for all tests of the ports."""

from collections.abc import Iterator

import pytest

from tests.unit.gcp.ports.apis import Apis, apis_server


@pytest.fixture
def apis() -> Iterator[Apis]:
    """Give a server that stands in for Google's APIs."""
    with apis_server() as server:
        yield server
