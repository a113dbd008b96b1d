"""Generated handlers under the real functions-framework, loaded as a deployment of the repository's root loads them."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.cold.interpreter import ROOT
from tests.unit.gcp.wire import message, path_of

# A process of its own: the framework changes variables, paths and modules of the one that it runs in.
PROGRAM = """\
import json, sys
from functions_framework import create_app

client = create_app("handler", {source!r}, "http").test_client()
answers = []
for call in json.load(sys.stdin):
    answer = client.open(call.pop("path"), **call)
    answers.append([answer.status_code, dict(answer.headers), answer.get_data(as_text=True)])
print(json.dumps(answers))
"""


def answers_of(handler: str, *calls: dict[str, Any], **environment: str) -> list[Any]:
    """Give status, headers and body of the answer to each call."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(source=f"handlers/{handler}.py")],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        input=json.dumps(calls),
        # As the plan has it: the framework itself adds the folder of the source file only.
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "K_SERVICE": "billing", **environment},
    )
    assert finished.returncode == 0, finished.stderr
    answers: list[Any] = json.loads(finished.stdout.splitlines()[-1])
    return answers


def test_a_push_is_answered_with_204():
    """The framework takes what the handler gives: no body, and nothing that says of which type it were."""
    closed = {
        "id": "m1",
        "timestamp": 0,
        "messageType": "customMessage",
        "eventName": "billing.accountClosed",
        "payload": {"accountId": "a1", "closedOn": "2026-11-20", "reason": "moved"},
    }
    edge = "subscription:Notification.1.sendFarewell"
    push = {"path": path_of(edge), "method": "POST", "json": message(json.dumps(closed))}
    settled, refused = answers_of("notification_send_farewell", push, {**push, "path": "/_purista/queue%3Aother"})

    assert (settled[0], settled[2]) == (204, "")
    assert (refused[0], refused[1]["Content-Type"]) == (400, "application/problem+json")


def test_a_request_is_answered_with_a_problem_whatever_its_method():
    """The framework routes all methods to the function, and passes the path on as it was sent."""
    headers = {"Authorization": "Bearer e30.eyJlbWFpbCI6ICJjbGVya0BhY21lLmV4YW1wbGUifQ.x"}
    call = {"method": "POST", "headers": headers, "json": {"reason": "moved"}}
    unknown, other, elsewhere = answers_of(
        "billing_close_account",
        {"path": "/accounts/no%2Fbody/close", **call},
        {"path": "/accounts/nobody/close", **call, "method": "PATCH"},
        {"path": "/accounts/no/body/close", **call},
    )

    assert (unknown[0], json.loads(unknown[2])["status"]) == (404, 404)
    assert "no/body" in unknown[2]
    assert (other[0], elsewhere[0]) == (405, 404)
    assert all(answer[1]["Content-Type"] == "application/problem+json" for answer in (unknown, other, elsewhere))
