"""The HTTP surface behind a real socket, for clients that want one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def serving(surface: Any) -> Iterator[str]:
    """Serve an ASGI application on a free local port; give its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)
    # asyncio does this for sockets of its own only; without it each answer waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(surface, log_level="critical", lifespan="off"))
    # The listener takes connections before the server runs: nobody has to wait for its start.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
