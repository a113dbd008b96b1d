"""Google's own emulators of Pub/Sub and Firestore, started and stopped.

Example:
    >>> from purista_serverless.adapters.gcp.emulator.installation import PUBSUB
    >>> PUBSUB.remedy.partition(" (")[0]
    'run: gcloud components install pubsub-emulator'
"""

import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import IO

from purista_serverless.adapters.gcp.emulator.installation import FIRESTORE, PUBSUB, Program, command_of
from purista_serverless.emulation.loopback import ADDRESS
from purista_serverless.emulation.processes import ProcessGroup
from purista_serverless.errors import Unavailable

# Both are there after two seconds; a busy machine may take longer.
_START_SECONDS = 60.0
_REST = 0.05
# They listen where they are told only, and another process may take that port meanwhile.
_ATTEMPTS = 3
_LAST_WORDS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An emulator that runs.

    Attributes:
        host: Its address and port, as SDKs want it: ``127.0.0.1:41337``.
        process_id: The id of its process.
    """

    host: str
    process_id: int

    @property
    def url(self) -> str:
        """Give its address as a URL."""
        return f"http://{self.host}"


@contextmanager
def both_emulators() -> Iterator[tuple[Server, Server]]:
    """Run the emulators of Pub/Sub and Firestore, which start at the same time: that is what takes longest.

    Raises:
        MissingTool: One of them or Java is not installed.
        Unavailable: One of them does not start; gives its last words.
    """
    with ExitStack() as running_ones, ThreadPoolExecutor(2) as starting:
        emulators = (pubsub_emulator(), firestore_emulator())
        pubsub, firestore = [starting.submit(running_ones.enter_context, emulator) for emulator in emulators]
        yield pubsub.result(), firestore.result()


@contextmanager
def pubsub_emulator() -> Iterator[Server]:
    """Run the Pub/Sub emulator, empty; it is gone afterwards, also when this process is killed.

    Raises:
        MissingTool: It or Java is not installed.
        Unavailable: It does not start; gives its last words.
    """
    with running(PUBSUB) as server:
        yield server


@contextmanager
def firestore_emulator() -> Iterator[Server]:
    """Run the Firestore emulator, empty; it is gone afterwards, also when this process is killed.

    Raises:
        MissingTool: It or Java is not installed.
        Unavailable: It does not start; gives its last words.
    """
    with running(FIRESTORE) as server:
        yield server


@contextmanager
def running(program: Program) -> Iterator[Server]:
    """Run an emulator, empty, and end it.

    Raises:
        MissingTool: It or Java is not installed.
        Unavailable: It does not start; gives its last words.
    """
    command = command_of(program)
    with tempfile.TemporaryFile() as output:
        process, port = _started(program, command, output)
        try:
            yield Server(host=f"{ADDRESS}:{port}", process_id=process.id)
        finally:
            process.stop()


def _started(program: Program, command: tuple[str, ...], output: IO[bytes]) -> tuple[ProcessGroup, int]:
    for _ in range(_ATTEMPTS):
        port = free_port()
        process = ProcessGroup([*command, f"--host={ADDRESS}", f"--port={port}"], output=output)
        if _answers(process, port):
            return process, port
        process.stop()
    raise Unavailable(f"{program.name} does not start; its last words: {_last_words(output)}")


def free_port() -> int:
    """Give a port of this machine on which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(process: ProcessGroup, port: int) -> bool:
    """Wait for any answer; say whether there is one."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and not process.has_ended:
        with suppress(OSError, HTTPException), closing(HTTPConnection(ADDRESS, port, timeout=1.0)) as connection:
            connection.request("GET", "/")
            connection.getresponse().read()
            return True
        time.sleep(_REST)
    return False


def _last_words(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")[-_LAST_WORDS:].strip() or "none"
