"""Commands to functions: over real HTTP, to a server that answers as Lambda does."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from purista_serverless.adapters.aws.ports import AwsPorts
from purista_serverless.errors import InvocationFailed, ProviderRefused, TooLarge, Unavailable
from purista_serverless.message import COMMAND_SUCCESS, Message
from tests.unit.aws.ports.messages import command
from tests.unit.aws.ports.server import Moto

ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:close:live"
ANSWER = Message(id="r1", timestamp=2, message_type=COMMAND_SUCCESS, payload={"closed": True})


class Answers(BaseHTTPRequestHandler):
    """Answers each invocation as the test set it: status, headers, body."""

    protocol_version = "HTTP/1.1"
    answer: tuple[int, dict[str, str], bytes]
    asked: list[tuple[str, bytes]]

    def do_POST(self):
        """Keep what was asked and answer."""
        self.asked.append((unquote(self.path), self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@contextmanager
def function(
    status: int = 200, body: bytes = b"", **headers: str
) -> Iterator[tuple[AwsPorts, list[tuple[str, bytes]]]]:
    """Give the ports of a caller and what its function was asked."""
    answers: Any = type("Answering", (Answers,), {"answer": (status, headers, body), "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        moto = Moto(f"http://127.0.0.1:{server.server_port}")
        yield moto.ports({"PURISTA_COMMANDS": {"Billing.1.closeAccount": ALIAS}}), answers.asked
        moto.client("lambda").close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def failing(**told):
    """Give the answer of a function that ended without one."""
    return function(200, json.dumps(told).encode(), **{"X-Amz-Function-Error": "Unhandled"})


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_command_is_answered(is_async):
    """The function is given the envelope of the command, and its answer is the response."""
    sent = command(payload={"account": "7"})
    with function(body=ANSWER.encode()) as (ports, asked):
        got = asyncio.run(ports.commands.ainvoke(sent)) if is_async else ports.commands.invoke(sent)

    ((path, body),) = asked
    assert got == ANSWER
    assert path == f"/2015-03-31/functions/{ALIAS}/invocations"
    assert Message.decode(body) == sent


def test_a_function_that_raises_is_a_failed_invocation():
    """The caller learns that it failed and the kind of error; its text stays where it ran."""
    with (
        failing(errorType="ValueError", errorMessage="secret") as (ports, _),
        pytest.raises(InvocationFailed, match=r"Billing.1.closeAccount failed: 502 .*\(ValueError\)") as raised,
    ):
        ports.commands.invoke(command())
    assert raised.value.status == 502
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "told",
    [
        {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1 Error: Task timed out after 3.00 seconds"},
        {"errorMessage": "2026-11-01T00:00:00Z 1 Task timed out after 3.00 seconds"},
        {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited: signal: killed"},
    ],
    ids=["timeout", "older timeout", "killed"],
)
def test_a_function_that_is_ended_from_outside_is_unavailable(told):
    """A process that was killed or ran into its timeout may have done its work or not: it may be asked again."""
    with failing(**told) as (ports, _), pytest.raises(Unavailable, match=r"Billing\.1\.closeAccount was not answered"):
        ports.commands.invoke(command())


def test_a_success_that_could_not_be_told_is_unavailable():
    """The function left with our own error: asking again may help, as it does in one process."""
    told = {"errorType": "Unavailable", "errorMessage": "events:PutEvents on shop got no answer"}
    with failing(**told) as (ports, _), pytest.raises(Unavailable, match="could not reach") as raised:
        ports.commands.invoke(command())

    assert "PutEvents" not in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"null", b'"text"', b"[]", b"{}", b"<html>", b"\xff"], ids=ascii)
def test_an_answer_that_is_no_response_is_a_failed_invocation(body):
    """A function of somebody else may answer anything, with an error or without."""
    with function(body=body) as (ports, _), pytest.raises(InvocationFailed, match="no response"):
        ports.commands.invoke(command())
    with function(200, body, **{"X-Amz-Function-Error": "Handled"}) as (ports, _), pytest.raises(InvocationFailed):
        ports.commands.invoke(command())


@pytest.mark.parametrize(
    ("status", "kind", "ours"),
    [
        (429, "TooManyRequestsException", Unavailable),
        (500, "ServiceException", Unavailable),
        (404, "ResourceNotFoundException", ProviderRefused),
        (413, "RequestTooLargeException", ProviderRefused),
    ],
)
def test_lambdas_own_refusals_are_no_answers(status, kind, ours):
    """Throttles and faults pass; a function that is not there stays so."""
    with (
        function(status, b'{"Message":"says AWS"}', **{"X-Amzn-ErrorType": kind}) as (ports, _),
        pytest.raises(ours, match=kind),
    ):
        ports.commands.invoke(command())


def test_a_request_beyond_six_megabytes_is_not_sent():
    """Lambda takes no more from a caller that waits, and the error says how much it was."""
    with function() as (ports, asked), pytest.raises(TooLarge, match=r"the request of Billing\.1\.closeAccount has"):
        ports.commands.invoke(command(payload="x" * 6_291_456))
    assert asked == []
