"""HTTP servers of emulators: on this machine only, stopped without waiting for a poll."""

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from typing import Any

ADDRESS = "127.0.0.1"


class LoopbackServer(ThreadingHTTPServer):
    """A server whose requests each have a thread.

    Args:
        handler: Handles a request; finds this server in ``self.server``.
        port: Where to listen, 0 for a free port.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__((ADDRESS, port), handler)
        self._stopping = False
        self._thread = Thread(target=self._serve, name=f"loopback-{self.server_port}", daemon=True)

    def server_bind(self) -> None:
        """Bind without asking a name server for the name of this machine, which the standard server does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, but nothing of clients that are gone: processes are, as soon as they are stopped."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Give where it listens."""
        return f"http://{ADDRESS}:{self.server_port}"

    def start(self) -> None:
        """Accept requests."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more requests; those that are open end with the process or with their client."""
        self._stopping = True
        # The thread waits for a connection: give it one.
        socket.create_connection((ADDRESS, self.server_port)).close()
        self._thread.join()
        self.server_close()

    def _serve(self) -> None:
        while not self._stopping:
            self.handle_request()


class LoopbackHandler(BaseHTTPRequestHandler):
    """What the handlers of requests share: bodies of either form in, whole answers out."""

    protocol_version = "HTTP/1.1"
    # Without these two every answer on a kept connection waits for a delayed acknowledgement: 40 ms instead of 0.5.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Log nothing: what functions print is worth reading, this is not."""

    def body(self) -> bytes:
        """Read the request's body, chunked or not."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send an answer; JSON unless its headers say otherwise."""
        self.send_response_only(status)
        if not any(name.lower() == "content-type" for name, _ in headers):
            self.send_header("Content-Type", "application/json")
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
