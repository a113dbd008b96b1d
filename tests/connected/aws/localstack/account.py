"""An account on LocalStack: started, used and ended by a test."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic
from typing import Any

import boto3

from tests.connected.aws.tools import CREDENTIALS, REGION, tool
from tests.repo.tree import ROOT

# What takes longer than this, in seconds, hangs.
PATIENCE = 60
# Seconds between two looks.
_BEAT = 0.1
_LOOPBACK = "127.0.0.1"


class Account:
    """An empty account that listens on the loopback interface.

    Attributes:
        endpoint: Its address, for ``AWS_ENDPOINT_URL``.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.endpoint = f"http://{_LOOPBACK}:{port}"
        self._process = process
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Give the client of a service, such as ``sqs``."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            )
        return self._clients[service]

    def kill_what_works(self) -> None:
        """End the functions that are at work with SIGKILL."""
        self._process.send_signal(signal.SIGUSR1)


@contextmanager
def localstack(folder: Path) -> Iterator[Account]:
    """Start an account that keeps all it writes in a folder, and end it.

    Raises:
        AssertionError: It does not start; the text is what it wrote.
    """
    port = _free_port()
    log = folder / "localstack.log"
    command = [str(tool("localstack", "python")), "-m", "tests.connected.aws.localstack.host", str(port), str(folder)]
    command += [str(tool("lambda", "python")), sys.executable]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, log)
        yield Account(process, port)
    finally:
        # With all the processes that it started; in good order it takes a while, and nobody needs what it holds.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with closing(socket.create_server((_LOOPBACK, 0))) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = monotonic() + PATIENCE
    while not _answers(port):
        with suppress(subprocess.TimeoutExpired):
            process.wait(_BEAT)
        is_hopeless = process.poll() is not None or monotonic() > deadline
        assert not is_hopeless, f"LocalStack did not become ready\n{log.read_text(encoding='utf-8')}"


def _answers(port: int) -> bool:
    with closing(HTTPConnection(_LOOPBACK, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/_localstack/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
