"""A server on this machine that answers each request, whatever its method, in one place."""

from abc import ABC, abstractmethod
from typing import cast

from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.loopback import ADDRESS, LoopbackHandler, LoopbackServer


class Door(LoopbackServer, ABC):
    """Answers requests.

    Args:
        port: Where to listen, 0 for a free port.
        handler: Handles a connection.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, port: int = 0, handler: "type[DoorHandler] | None" = None) -> None:
        super().__init__(handler or DoorHandler, port)

    @property
    def host(self) -> str:
        """Give its address and port, as variables for emulators have them: ``127.0.0.1:41337``."""
        return f"{ADDRESS}:{self.server_port}"

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Answer a request."""


class DoorHandler(LoopbackHandler):
    """Hands each request to its server."""

    def _handle(self) -> None:
        request = Request(method=self.command, target=self.path, headers=tuple(self.headers.items()), body=self.body())
        answer = cast("Door", self.server).answer(request)
        self.answer(answer.status, answer.body, answer.headers)

    # The standard library's names.
    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _handle  # noqa: N815
