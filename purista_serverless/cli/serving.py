"""What a serving process needs besides its host: signals that stop it, and HTTP on a thread of its own."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from purista_serverless.cli.failures import ExitCode, Failure
from purista_serverless.errors import MissingExtra

if TYPE_CHECKING:
    import uvicorn

    from purista_serverless.adapters.embedded.host import Host

# How long open requests may go on after a stop, in seconds; job status streams would never end by themselves.
_GRACE = 10


@contextmanager
def stop_on_signals(tell: Callable[[], None]) -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set; the second signal ends the process at once.

    Args:
        tell: Called when the first signal has come.
    """
    stop = threading.Event()
    # Locks are no place for a signal handler: the thread that it interrupts may hold them. This queue has none.
    arrived: SimpleQueue[int | None] = SimpleQueue()
    before = {
        number: signal.signal(number, lambda number, _frame: arrived.put(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    watcher = threading.Thread(target=_watch, args=(arrived, stop, tell), daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        arrived.put(None)
        watcher.join()


def _watch(arrived: "SimpleQueue[int | None]", stop: threading.Event, tell: Callable[[], None]) -> None:
    while (number := arrived.get()) is not None:
        if stop.is_set():
            # A handler hangs, or somebody is in a hurry. What is held comes back when its lease ends.
            os._exit(128 + number)
        stop.set()
        tell()


class HttpServer:
    """The application's commands over HTTP, served by uvicorn on a thread."""

    def __init__(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._threads: list[threading.Thread] = []
        self._is_broken = False

    @classmethod
    def open(cls, host: "Host", address: str, port: int) -> "HttpServer":
        """Listen, so that a port that is taken is told before anything is served.

        Raises:
            MissingExtra: uvicorn or starlette is not installed.
            Failure: The port cannot be had.
        """
        try:
            import uvicorn

            from purista_serverless.adapters.embedded.http import asgi
        except ModuleNotFoundError as error:
            if error.name not in {"uvicorn", "starlette"}:
                raise
            raise MissingExtra(str(error.name), "http") from error
        config = uvicorn.Config(
            asgi(host.application, host),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE,
            server_header=False,
        )
        return cls(uvicorn.Server(config), _listen(address, port))

    @property
    def url(self) -> str:
        """Give where it listens."""
        address, port = self._listener.getsockname()[:2]
        return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"

    def start(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set; ``stop`` is set as well if serving ends by itself."""

        def serve() -> None:
            try:
                self._server.run(sockets=[self._listener])
            finally:
                self._is_broken = not stop.is_set()
                stop.set()

        def end() -> None:
            stop.wait()
            self._server.should_exit = True

        self._threads = [threading.Thread(target=target, daemon=True) for target in (serve, end)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until open requests are answered, or cut off after ten seconds.

        Raises:
            Failure: It has ended before it was told to.
        """
        for thread in self._threads:
            thread.join()
        if self._is_broken:
            raise Failure("HTTP ended by itself", fix="the log says why", code=ExitCode.UNAVAILABLE)


def _listen(address: str, port: int) -> socket.socket:
    family: Any = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fix = "choose another one with --port, 0 takes a free one"
        raise Failure(f"cannot listen on {address}:{port}: {reason}", fix=fix, code=ExitCode.UNAVAILABLE) from error
