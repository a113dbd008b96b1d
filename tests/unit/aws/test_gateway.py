"""Requests to a command on Lambda: outcomes, time limits, accepted jobs, and who asks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from purista_serverless.errors import BadEvent, Unavailable
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.loop import virtual_loop
from tests.unit.aws.shop import seen
from tests.unit.aws.wire import Deployed, load

TENANT = {"PURISTA_TENANT_CLAIM": "custom:tenant"}


def request(method: str, path: str, body: Any = None, **changes: Any) -> Any:
    """Give a request through an HTTP API."""
    event = load("http_api_v2_jwt")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    given = {"rawPath": path, "body": None if body is None else json.dumps(body), "pathParameters": None}
    return {**event, **given, **changes}


def note(text: str) -> Any:
    """Give a request for a note."""
    return {**load("http_api_v2_jwt"), "body": json.dumps({"text": text})}


@pytest.mark.parametrize(("text", "status"), [("refuse", 422), ("later", 503), ("fail", 500)])
def test_an_outcome_is_answered_with_its_status(text, status):
    """A failure tells no detail, a retry when to come again."""
    answer = Deployed("command:Shop.1.note", environment=TENANT)(note(text))

    assert answer["statusCode"] == status
    assert answer["headers"].get("Retry-After") == ("90" if status == 503 else None)
    assert "secret" not in answer["body"]
    assert json.loads(answer["body"])["traceId"] == answer["headers"]["traceparent"].split("-")[1]


def test_a_public_route_asks_nobody_and_believes_nobody():
    """Identities that nobody has checked do not reach the handler."""
    function = Deployed("command:Shop.1.look", environment=TENANT)

    answer = function(request("GET", "/latest"))

    assert (answer["statusCode"], answer["body"]) == (200, '{"text":"latest"}')
    assert function.notes.seen == [(None, None, None, None)]


def test_a_body_where_none_is_expected_is_not_looked_at():
    """GET has no payload."""
    answer = Deployed("command:Shop.1.look")(request("GET", "/latest", body={"text": "x"}))

    assert answer["statusCode"] == 200


def test_an_accepted_job_is_answered_with_its_id():
    """202 and the id that the handler was given; nobody serves its status here, so that no place is named."""
    function = Deployed("command:Shop.1.export")

    answer = function(request("POST", "/exports", body={"text": "all"}))

    queues: Any = function.ports.queues
    ((job, _),) = queues.sent
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"]) == {"jobId": job.id, "status": "queued", "queueName": "shop.rounds"}
    assert (job.principal_id, job.trace_id) == ("ann", answer["headers"]["traceparent"].split("-")[1])
    assert "Location" not in answer["headers"]


class Unreachable:
    """An event port that cannot be reached."""

    def publish(self, message: Any) -> None:
        """Fail."""
        raise Unavailable("the bus is away at 10.0.0.1")


def test_a_success_that_cannot_be_told_is_unavailable():
    """The success event belongs to the success: without it the caller is asked to come again, without a detail."""
    function = Deployed("command:Shop.1.note", environment=TENANT)
    function.ports.events = Unreachable()

    answer = function(note("hello"))

    assert (answer["statusCode"], "10.0.0.1" in answer["body"]) == (503, False)
    assert answer["headers"]["Retry-After"] == "1"


@pytest.fixture
def virtual_time() -> Iterator[None]:
    """Run async handlers in virtual time."""
    with virtual_loop(VirtualClock(START)).lent():
        yield


@pytest.mark.usefixtures("virtual_time")
def test_an_async_command_is_cancelled_when_its_time_is_over():
    """The caller learns that it may or may not have happened."""
    answer = Deployed("command:Shop.1.ask")(request("POST", "/questions", body={"text": "forever"}))

    assert answer["statusCode"] == 504
    assert json.loads(answer["body"])["detail"] == "no answer within 0.05 s; whether it happens is not known"


def test_an_async_command_answers():
    """A handler that awaits is run on the process' loop."""
    answer = Deployed("command:Shop.1.ask")(request("POST", "/questions", body={"text": "why"}))

    assert (answer["statusCode"], answer["body"]) == (200, '{"text":"why"}')


def test_a_sync_command_that_took_too_long_says_so_when_it_returns():
    """Nobody can stop it; what it did counts, and its success is told."""
    function = Deployed("command:Shop.1.note", environment=TENANT)

    class Slow(list[Any]):
        def append(self, given: Any) -> None:
            function.clock.run_until(function.clock.now() + 31_000)

    function.notes.seen = Slow()
    answer = function(note("hello"))

    assert answer["statusCode"] == 504
    assert [message.event_name for message in function.published()] == ["shop.noted"]


def test_a_command_without_a_route_answers_no_request():
    """It is started by messages alone."""
    with pytest.raises(BadEvent, match="Shop v1 > plain is not started by an event with"):
        Deployed("command:Shop.1.plain")(request("POST", "/plain", body={"text": "x"}))


@pytest.mark.parametrize(
    "change",
    [
        {"headers": []},
        {"headers": {"content-type": 7}},
        {"requestContext": {"http": []}},
        {"requestContext": {"http": {"method": 7}}},
        {"requestContext": {"http": {"method": "POST"}, "authorizer": "ann"}},
        {"pathParameters": {"orderId": 7}},
        {"rawQueryString": 7},
        {"body": 7},
        {"body": "\ud800"},
        {"body": "no base64", "isBase64Encoded": True},
        {"cookies": "session=1"},
    ],
)
def test_a_request_that_is_not_as_documented_is_an_error_of_its_invocation(change):
    """No client can send it: whoever made it is not the platform."""
    with pytest.raises(BadEvent):
        Deployed("command:Shop.1.note")({**load("http_api_v2_jwt"), **change})


@pytest.mark.parametrize("claim", [7, None, "", ["north"]])
def test_nobody_without_a_tenant_gets_into_an_application_with_tenants(claim):
    """A handler that looks for its tenant's data would look for everybody's; only a text in so many words counts."""
    event = load("http_api_v2_jwt")
    event["requestContext"]["authorizer"]["jwt"]["claims"]["custom:tenant"] = claim
    function = Deployed("command:Shop.1.note", environment=TENANT)

    answer = function(event)

    assert (answer["statusCode"], function.notes.seen) == (401, [])
    assert json.loads(answer["body"])["detail"] == "the token has no claim 'custom:tenant' with a text"


def test_an_application_without_tenants_asks_for_none():
    """Whatever a token claims."""
    function = Deployed("command:Shop.1.note")
    function(load("http_api_v2_jwt"))

    ((_, _, tenant, principal),) = function.notes.seen
    assert (tenant, principal) == (None, "ann")


@pytest.mark.parametrize("subject", ["", None, 7])
def test_a_token_of_nobody_is_nobody_s(subject):
    """A token without a subject says nothing of who asks."""
    event = load("http_api_v2_jwt")
    event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = subject

    assert Deployed("command:Shop.1.note")(event)["statusCode"] == 401


def asked(authenticate: str, name: str = "") -> tuple[Any, Deployed]:
    """Send a request that no authoriser has looked at to an application that asks by itself."""
    function = Deployed("command:Shop.1.note", authenticate=f"tests.unit.aws.shop:{authenticate}")
    event = load("http_api_v2_nobody")
    event["rawQueryString"] = "tag=new&tag=old"
    event["headers"] |= {"x-name": name} if name else {}
    return function(event), function


@pytest.mark.parametrize("authenticate", ["somebody", "somebody_later"])
def test_the_application_may_tell_who_asks(authenticate):
    """Its own function is given the request without its body, with the path that it declared."""
    answer, function = asked(authenticate, "bea")

    assert answer["statusCode"] == 200
    ((_, _, tenant, principal),) = function.notes.seen
    assert (tenant, principal) == ("south", "bea")
    request = seen[-1]
    assert (request.method, request.path, request.query) == ("POST", "/orders/o-1/notes", {"tag": ("new", "old")})


def test_whom_the_application_does_not_know_is_nobody():
    """401, and nothing runs."""
    answer, function = asked("somebody")

    assert (answer["statusCode"], function.notes.seen) == (401, [])


def test_the_application_may_refuse_who_asks():
    """Status and text are its own."""
    answer, function = asked("somebody", "mallory")

    assert (answer["statusCode"], json.loads(answer["body"])["detail"], function.notes.seen) == (403, "not you", [])


@pytest.mark.parametrize("authenticate", ["broken", "mistaken"])
def test_an_application_that_cannot_tell_lets_nobody_in(authenticate):
    """Its fault is answered with 500, without a detail."""
    answer, function = asked(authenticate, "bea")

    assert (answer["statusCode"], function.notes.seen) == (500, [])
    assert "secret" not in answer["body"]


def test_the_platform_s_word_counts_before_the_application_s():
    """Where an authoriser of the platform's has looked at a request, nobody else is asked."""
    function = Deployed("command:Shop.1.note", environment=TENANT, authenticate="tests.unit.aws.shop:broken")

    assert function(note("hello"))["statusCode"] == 200
    assert function.notes.seen[0][2:] == ("north", "ann")
