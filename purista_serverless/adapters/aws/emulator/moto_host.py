"""The process in which moto plays AWS; ``cloud.Cloud`` starts it, and it ends when its standard input does.

moto keeps accounts in global variables and looks at no lock, so that it has a process of its own, in which requests are
handled one after the other: a conditional write is one, and no queue loses a message. It talks in JSON lines: first the
port on which it serves, then an answer to each request.
"""

import io
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from http.client import HTTPConnection
from threading import Lock, Thread
from typing import IO, Any
from urllib.parse import quote

import time_machine
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from purista_serverless.emulation.loopback import ADDRESS

_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations")
_RECEIVE = "AmazonSQS.ReceiveMessage"
# How long a long poll rests before it looks again, in seconds.
_REST = 0.05

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class OneAtATime:
    """A WSGI application whose requests never overlap; a long poll lets others pass while it waits.

    Args:
        application: Handles requests.
        lock: Held while it does.
        functions: Address and port of what runs functions, and is handed their invocations.
    """

    def __init__(self, application: WsgiApplication, lock: Lock, functions: str) -> None:
        self._application = application
        self._lock = lock
        self._functions = functions

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handle a request."""
        if _INVOCATION.fullmatch(environ["PATH_INFO"]):
            return self._hand_on(environ, start_response)
        if environ.get("HTTP_X_AMZ_TARGET") != _RECEIVE:
            return self._handle(environ, start_response)
        request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        # Of this machine's clock, which goes on evenly when the account's time is moved.
        end = time.monotonic() + request.pop("WaitTimeSeconds", 0)
        body = json.dumps(request).encode()
        while True:
            attempt = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            head: list[Any] = []
            answer = list(self._handle(attempt, _noting(head)))
            if b'"Messages"' in b"".join(answer) or time.monotonic() >= end or not head[0].startswith("200"):
                start_response(*head)
                return answer
            time.sleep(_REST)

    def _hand_on(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        with closing(HTTPConnection(self._functions)) as connection:
            connection.request("POST", quote(environ["PATH_INFO"]), body, {"X-Amz-Invocation-Type": kind})
            response = connection.getresponse()
            start_response(f"{response.status} {response.reason}", response.getheaders())
            return [response.read()]

    def _handle(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            return list(self._application(environ, start_response))


def _noting(head: list[Any]) -> Callable[..., None]:
    """Give a ``start_response`` that notes status and headers."""

    def note(*parts: Any) -> None:
        head[:] = parts

    return note


class Control:
    """What the emulator asks of this process besides AWS' own interface.

    Args:
        lock: Held by whoever looks at moto.
        traveller: Moves the time of this process; ``None`` on the wall clock.
    """

    def __init__(self, lock: Lock, traveller: "time_machine.Traveller | None") -> None:
        self._lock = lock
        self._traveller = traveller

    def handle(self, request: Mapping[str, Any]) -> Any:
        """Answer a request."""
        match request:
            case {"do": "move", "to": float(instant)} if self._traveller is not None:
                # In one step, so that no request sees a time in between.
                self._traveller.shift(instant - time.time())
                return None
            case {"do": "backlog"}:
                with self._lock:
                    return {queue.name: _backlog(queue) for queue in _queues()}
            case _:
                raise ValueError(f"no such request: {request}")


def _queues() -> list[Any]:
    backends = get_backend("sqs").values()
    return [queue for regions in backends for backend in regions.values() for queue in backend.queues.values()]


def _backlog(queue: Any) -> tuple[int, float | None]:
    """Count the messages that may be received now; give when the next of the others may be, in milliseconds."""
    now = time.time() * 1000
    # A message in flight holds back the others of its group.
    held = {message.group_id for message in queue.pending_messages if not message.visible}
    ready = sum(not (queue.fifo_queue and message.group_id in held) for message in queue.messages)
    later = [max(message.visible_at, message.delayed_until) for message in queue._messages]  # noqa: SLF001 - has no other door
    return ready, min((instant for instant in later if instant > now), default=None)


def serve(requests: IO[str], answers: IO[str], *, functions: str, start: float | None) -> None:
    """Serve until ``requests`` ends.

    Args:
        requests: JSON lines of the emulator.
        answers: Where answers go.
        functions: Address and port of what runs functions.
        start: The first instant of a virtual clock, in seconds since the epoch; ``None`` for the wall clock.
    """
    traveller = time_machine.travel(start, tick=True).start() if start is not None else None
    lock = Lock()
    application = OneAtATime(DomainDispatcherApplication(create_backend_app), lock, functions)
    server = make_server(ADDRESS, 0, application, threaded=True, request_handler=MotoRequestHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    control = Control(lock, traveller)
    _tell(answers, server.server_port)
    for line in requests:
        _tell(answers, control.handle(json.loads(line)))


def _tell(answers: IO[str], answer: Any) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # What moto prints must not get among the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers, functions=sys.argv[1], start=float(sys.argv[2]) if len(sys.argv) > 2 else None)
    # Threads of open requests wait for nothing that still counts.
    os._exit(0)
