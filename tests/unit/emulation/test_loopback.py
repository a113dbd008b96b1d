"""The servers of the emulator tell of their own errors, and of nobody else's."""

from collections.abc import Iterator

import pytest

from purista_serverless.emulation.loopback import ADDRESS, LoopbackHandler, LoopbackServer


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """Give a server that has its port and accepts nothing."""
    with LoopbackServer(LoopbackHandler) as server:
        yield server


@pytest.mark.parametrize(("error", "is_told"), [(ConnectionResetError(), False), (ValueError("a fault"), True)])
def test_a_client_that_is_gone_is_no_error(server, capsys, error, is_told):
    """A function's process is ended while it asks for work; a traceback for each would bury what functions print."""
    try:
        raise error
    except type(error):
        server.handle_error(None, (ADDRESS, 1))

    assert bool(capsys.readouterr().err) == is_told
