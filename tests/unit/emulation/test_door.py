"""Requests go through a door and on to another server as they came."""

import json

import pytest

from purista_serverless.emulation.door import Door
from purista_serverless.emulation.forwarding import Answer, Request, forward


class Echo(Door):
    """Answers with what it was asked."""

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        shape = {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body": request.body.decode(),
        }
        headers = (("X-Path", request.path), ("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2"))
        return Answer(status=418, headers=headers, body=json.dumps(shape).encode())


@pytest.fixture
def echo():
    """Open a door."""
    door = Echo()
    door.start()
    yield door
    door.stop()


@pytest.mark.parametrize("method", ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"])
def test_a_request_arrives_as_it_was_sent(echo, method):
    """Method, path, query, repeated headers and body arrive, and the answer comes back with its status."""
    headers = (("X-Made", "a"), ("x-made", "b"), ("Connection", "keep-alive"))
    answer = forward(echo.host, Request(method=method, target="/a%2Fb?c=d", headers=headers, body=b"body"), timeout=30)
    told = json.loads(answer.body)

    assert (answer.status, told["method"], told["target"], told["body"]) == (418, method, "/a%2Fb?c=d", "body")
    assert [value for name, value in told["headers"] if name.lower() == "x-made"] == ["a", "b"]
    assert "connection" not in {name.lower() for name, _ in told["headers"]}
    assert [value for name, value in answer.headers if name == "X-Twice"] == ["1", "2"]
    assert ("X-Path", "/a%2Fb") in answer.headers


def test_a_header_is_found_and_replaced_in_any_case():
    """A header that is set takes the place of all of its name."""
    request = Request(
        method="GET", target="/", headers=(("authorization", "a"), ("Accept", "b"), ("Authorization", "c"))
    )
    changed = request.with_header("Authorization", "d")

    assert request.header("AUTHORIZATION") == "a"
    assert request.header("Missing") is None
    assert changed.headers == (("Accept", "b"), ("Authorization", "d"))


def test_a_door_that_is_closed_takes_no_requests(echo):
    """After its end nobody answers on the port."""
    other = Echo()
    other.start()
    host = other.host
    other.stop()

    with pytest.raises(ConnectionError):
        forward(host, Request(method="GET", target="/"), timeout=30)
