"""What tests need of Google's tools: found, or skipped with the command that installs them."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from purista_serverless.adapters.gcp.emulator.servers import Server, firestore_emulator, pubsub_emulator
from purista_serverless.errors import MissingTool

_REMEDIES = {
    "gcloud": "apt-get install google-cloud-cli, or see cloud.google.com/sdk/docs/install",
    "terraform": "apt-get install terraform, or see developer.hashicorp.com/terraform/install",
}


def program(name: str) -> Path:
    """Give the path of ``gcloud`` or ``terraform``; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {_REMEDIES[name]}")
    return Path(found)


@contextmanager
def pubsub() -> Iterator[Server]:
    """Run the Pub/Sub emulator; the test is skipped where it or Java is not installed."""
    with _found(pubsub_emulator) as server:
        yield server


@contextmanager
def firestore() -> Iterator[Server]:
    """Run the Firestore emulator; the test is skipped where it or Java is not installed."""
    with _found(firestore_emulator) as server:
        yield server


@contextmanager
def _found(emulator: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(emulator())
        except MissingTool as error:
            pytest.skip(str(error))
        yield server


def ask(server: Server, method: str, path: str, value: Any = None) -> Any:
    """Send a request to an emulator and give the JSON of its answer.

    Raises:
        AssertionError: It is no success; the text is what the emulator said.
    """
    connection = HTTPConnection(server.host, timeout=30)
    try:
        body = None if value is None else json.dumps(value)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    assert response.status == 200, f"{method} {path}: {response.status} {answer.decode()}"
    return json.loads(answer or b"{}")
