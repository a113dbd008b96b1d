"""Google's own emulators start, answer, and are gone afterwards."""

import json
import os
from http.client import HTTPConnection
from typing import Any

import pytest

from purista_serverless.adapters.gcp.emulator.installation import FIRESTORE, Program
from purista_serverless.adapters.gcp.emulator.servers import firestore_emulator, pubsub_emulator, running
from purista_serverless.errors import MissingTool, Unavailable

pytestmark = pytest.mark.connected

TOPIC = "/v1/projects/demo/topics/orders"
RECORD = "/v1/projects/demo/databases/ledger/documents/records"


def ask(host: str, method: str, path: str, body: object) -> tuple[int, Any]:
    """Send a request; gives status and content."""
    connection = HTTPConnection(host, timeout=30)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    return response.status, content


def is_running(process_id: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("emulator", "request_of"),
    [(pubsub_emulator, ("PUT", TOPIC, {})), (firestore_emulator, ("POST", RECORD, {"fields": {}}))],
)
def test_an_emulator_answers_until_it_is_closed(emulator, request_of):
    """An emulator takes requests on its port, and its process is gone when its block is left."""
    try:
        with emulator() as server:
            status, _ = ask(server.host, *request_of)
    except MissingTool as error:
        pytest.skip(str(error))

    assert status == 200
    assert not is_running(server.process_id)


def test_an_emulator_that_does_not_start_gives_its_last_words():
    """What a program printed before it ended is in the error."""
    broken = Program(
        name="a broken emulator",
        variable="FIRESTORE_EMULATOR_JAR",
        pattern=FIRESTORE.pattern,
        component="",
        package="",
        main=("no.such.Class",),
    )
    try:
        with pytest.raises(Unavailable, match=r"a broken emulator does not start.*no\.such\.Class"), running(broken):
            pass
    except MissingTool as error:
        pytest.skip(str(error))
