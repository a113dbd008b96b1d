"""The function that functions-framework calls: what it is, what it answers, and what it loads."""

import json
from typing import Any

import pytest

from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.entry import Entry, entry
from tests.cold.interpreter import modules_after
from tests.unit.deployed import TOPOLOGY, entry_of
from tests.unit.gcp.wire import Call, Deployed, load, push, reply_of

PLATFORM = {"K_SERVICE": "shop", "FUNCTION_TARGET": "handler"}
JOB = b'{"id":"0190a000","queueName":"shop.packing","payload":{"text":"hello"}}'
NOTE, ASK, EXPORT = "command:Shop.1.note", "command:Shop.1.ask", "command:Shop.1.export"


@pytest.mark.parametrize("function", [function.name for function in TOPOLOGY.functions])
def test_every_function_is_bound_to_a_plain_handler(function):
    """The framework takes nothing but a function of this name that is not ``async``."""
    handler = Deployed(function).handler

    assert (type(handler).__name__, handler.__name__) == ("function", "handler")
    assert not handler.__code__.co_flags & 0x80


@pytest.mark.parametrize("function", [function.name for function in TOPOLOGY.functions])
@pytest.mark.parametrize("path", ["/_purista/", "/_purista/nothing", "/_purista/queue%3Aé", "/_purista/%FF"])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"message": null}'])
def test_a_push_of_no_kind_is_refused(function, path, body):
    """Every function says so of whatever it cannot be started by."""
    assert Deployed(function)(Call(path=path, body=body)).status == 400


def test_a_platform_is_told_by_its_variables(monkeypatch):
    """The generated file names no cloud: Cloud Run's own variable chooses the entry, which has its ports made."""
    for name, value in PLATFORM.items():
        monkeypatch.setenv(name, value)
    handler = entry("tests.unit.aws.shop:echo", "command:Shop.1.plain")
    command = {**json.loads(load("invoke_command").body), "receiver": None, "payload": {"payload": {"text": "x"}}}
    call = Call(path="/_purista/command", body=json.dumps(command).encode())

    assert reply_of(handler(call.request())).json()["payload"] == {"text": "x"}


def test_a_generated_file_that_is_older_than_its_service_is_refused():
    """It is told when the instance starts, before any request is taken."""
    with pytest.raises(DeclarationError, match="run the build again"):
        bind(Entry("tests.unit.aws.shop:shop", ("binding:shop.ordered:shop.gone",), {}), {})


def test_a_command_without_a_route_takes_no_requests():
    """The way is shut, whatever the path."""
    function = Deployed("command:Shop.1.plain")

    assert function(Call(path="/", body=b'{"text": "x"}')).status == 400
    assert function(Call(path="/plain", method="GET")).status == 400


def test_an_accepted_job_is_answered_with_202():
    """The answer names the job, and says that it is queued."""
    answer = Deployed(EXPORT)(
        Call(
            path="/exports",
            body=b'{"text": "x"}',
            headers={"Content-Type": "application/json", "Authorization": "Bearer e30.eyJzdWIiOiAiMTE3In0.x"},
        )
    )

    assert answer.status == 202
    assert answer.json()["status"] == "queued"


@pytest.mark.parametrize(
    ("text", "status"), [("x", 200), ("fail", 500), ("later", 503), ("refuse", 422), ("forever", 504)]
)
def test_outcomes_are_answered_as_the_table_says(text, status):
    """Also of a handler that never ends: the command has a timeout."""
    function = Deployed(ASK)
    body = json.dumps({"text": text}).encode()
    answer = function(Call(path="/questions", body=body, headers={"Content-Type": "application/json"}))

    assert answer.status == status
    assert b"secret" not in answer.body
    assert answer.headers.get("Retry-After") == ("90" if text == "later" else None)


def test_a_token_of_an_open_function_s_request_is_no_proof():
    """Cloud Run has not looked at it; the application is asked, and knows nobody."""
    function = Deployed(NOTE, environment={"PURISTA_URL": "https://shop-note-7.europe-west3.run.app"})

    assert function(load("http_iam")).status == 401


def test_the_application_is_asked_who_sent_a_request_to_an_open_function():
    """It sees method, path, headers and query."""
    function = Deployed(
        NOTE,
        environment={"PURISTA_URL": "https://shop-note-7.europe-west3.run.app"},
        authenticate="tests.unit.aws.shop:somebody",
    )
    call = load("http_multi_value_query")
    answer = function(Call(path=call.path, body=call.body, headers={**call.headers, "X-Name": "bob"}))

    assert answer.status == 200
    assert [(tenant, principal) for _, _, tenant, principal in function.notes.seen] == [("south", "bob")]


def cold(function: str, environment: dict[str, str], call: Call | None = None) -> frozenset[str]:
    """Give what a function of the shop loads in a fresh interpreter, with its first request if one is given.

    Flask is there on the platform whatever the function does: here a request is no more than what is used of it.
    """
    found = entry_of(TOPOLOGY.function(function))
    arguments = ", ".join(repr(text) for text in (found.target, *found.triggers))
    facts = "".join(f", {name}={value!r}" for name, value in found.facts.items())
    code = f"from purista_serverless.runtime.entry import entry\nhandler = entry({arguments}{facts})\n"
    if call is not None:
        request = call.request()
        environ = {name: text for name, text in request.environ.items() if isinstance(text, str)}
        code += (
            "class Request:\n"
            f"    environ = {environ!r}\n"
            f"    def get_data(self):\n        return {call.body!r}\n"
            "answer = handler(Request())\nassert answer[1] < 300, answer\n"
        )
    return modules_after(code, env={**PLATFORM, **environment})


# What a function that sends nothing never needs: HTTP, and all that Google's libraries bring.
SENDING = frozenset(
    {"asyncio", "google", "google.auth", "google.cloud", "grpc", "http.client", "logging", "requests", "ssl"}
)


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("command:Shop.1.look", load("http_public")),
        ("worker:Shop.1.pack", push("queue:shop.packing", JOB)),
        ("subscription:Shop.1.listen", load("push_event")),
        ("subscription:Shop.1.listen", load("eventarc_event")),
    ],
)
def test_a_success_that_sends_nothing_loads_no_client(function, call):
    """Neither when its instance starts nor with a request."""
    assert sorted(cold(function, {}, call) & SENDING) == []


@pytest.mark.parametrize(
    ("function", "foreign"),
    [
        ("command:Shop.1.plain", {"gateway", "push", "direct", "delivery", "codecs.http", "codecs.push", "tokens"}),
        ("command:Shop.1.look", {"push", "direct", "delivery", "codecs.push", "tokens", "identity"}),
        ("worker:Shop.1.pack", {"gateway", "command", "codecs.http", "codecs.unwrapped", "tokens"}),
        ("subscription:Shop.1.listen", {"gateway", "command", "codecs.http", "codecs.unwrapped", "tokens"}),
    ],
)
def test_a_function_loads_what_its_triggers_need(function, foreign):
    """No codec of another kind of request, and nothing of the build."""
    loaded = cold(function, {})

    assert not loaded & {f"purista_serverless.adapters.gcp.{name}" for name in foreign}
    assert not {name for name in loaded if name.startswith(("purista_serverless.adapters.aws", "flask"))}
    assert not loaded & {"purista_serverless.model", "purista_serverless.topology"}


@pytest.mark.parametrize(
    ("function", "environment"),
    [
        ("command:Shop.1.note", {"PURISTA_TOPICS": '{"event:shop.noted": "projects/p/topics/t"}'}),
        ("command:Shop.1.export", {"PURISTA_TOPICS": '{"queue:shop.rounds": "projects/p/topics/t"}'}),
        ("worker:Shop.1.goRound", {"PURISTA_LEDGER": "records"}),
        ("command:Shop.1.ask", {"PURISTA_COMMANDS": '{"Shop.1.note": "https://note"}'}),
    ],
)
def test_what_a_success_needs_is_loaded_when_the_instance_starts(function, environment):
    """What the plan grants is there before the first request, as long as a function has the most of its processor."""
    assert "http.client" in cold(function, environment)


def test_the_topic_of_one_s_own_queue_is_for_failures():
    """It is published to only when a job is put off."""
    environment = {"PURISTA_TOPICS": '{"queue:shop.packing": "projects/p/topics/t"}'}

    assert "http.client" not in cold("worker:Shop.1.pack", environment, push("queue:shop.packing", JOB))


def test_a_gate_is_knocked_at_through_its_topic():
    """A slot that is due starts its run, here after the time over which it is spread."""
    function = Deployed("gate:Shop.1.monthly", now=1_798_765_501_000)
    slot = json.dumps({"purista": "slot", "schedule": "Shop.1.monthly"})
    published: Any = function(push("gate:Shop.1.monthly", slot, published="2027-01-01T01:00:00.512Z"))

    assert published.status == 204
    (event,) = function.published()
    assert (event.event_name, event.payload) == ("shop.ordered", b'{"text":"2027-01"}')


OPEN = {"PURISTA_URL": "https://shop-ask-7.europe-west3.run.app"}
PAGE = "https://shop.example"


def asked(*, origin: str | None = PAGE, method: str = "POST", **headers: str) -> Call:
    """Give the request of a page."""
    given = {"Content-Type": "application/json", **headers}
    return Call(
        path="/questions",
        method=method,
        body=b'{"text": "x"}' if method == "POST" else b"",
        headers={**given, "Origin": origin} if origin else given,
    )


def shared(answer: Any) -> dict[str, str]:
    """Give the headers that browsers look at."""
    return {name: text for name, text in answer.headers.items() if name.startswith(("Access-", "Vary"))}


def test_a_page_of_another_origin_may_ask_and_read():
    """The browser asks for permission first, and shows the answer to the page."""
    declared = {"origins": [PAGE], "headers": ["x-shop"], "credentials": True, "maxAge": 600}
    function = Deployed(ASK, environment={**OPEN, "PURISTA_CORS": json.dumps(declared)})
    permission = function(asked(method="OPTIONS", **{"Access-Control-Request-Method": "POST"}))
    allowed = {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }

    assert (permission.status, permission.body) == (204, b"")
    assert shared(permission) == {
        **allowed,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "authorization,content-type,traceparent,x-correlation-id,x-shop",
        "Access-Control-Max-Age": "600",
    }
    assert function.notes.seen == []
    answer = function(asked())
    assert answer.status == 200
    exposed = "location,retry-after,traceparent,x-correlation-id"
    assert shared(answer) == {**allowed, "Access-Control-Expose-Headers": exposed}


def test_a_refusal_is_shown_to_the_page_too():
    """It would otherwise see no more than that something went wrong."""
    function = Deployed(ASK, environment={**OPEN, "PURISTA_CORS": json.dumps({"origins": ["*"]})})
    answer = function(asked(**{"Content-Type": "text/plain"}))

    assert answer.status == 415
    assert shared(answer)["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_a_page_of_no_named_origin_is_told_nothing(origin):
    """The browser keeps the answer from it, and whoever keeps answers keeps this one for no other page."""
    function = Deployed(ASK, environment={**OPEN, "PURISTA_CORS": json.dumps({"origins": [PAGE]})})

    assert shared(function(asked(origin=origin))) == {"Vary": "Origin"}
    assert shared(function(asked(origin=origin, method="OPTIONS", **{"Access-Control-Request-Method": "POST"}))) == {
        "Vary": "Origin"
    }


def test_without_a_declaration_no_page_may_call():
    """A request for permission is one for a method that the route has not."""
    answer = Deployed(ASK, environment=OPEN)(asked(method="OPTIONS", **{"Access-Control-Request-Method": "POST"}))

    assert (answer.status, shared(answer)) == (405, {})
