"""Raw requests, as Google Cloud's services write them, at the functions that they start.

Those whose ``User-Agent`` is Java's are recorded from the Pub/Sub emulator, behind functions-framework; the others are
as the services' documents show them.
"""

import pytest

from tests.unit.aws.shop import Place
from tests.unit.deployed import SENT
from tests.unit.gcp.wire import EVENTS, Deployed, load

NOTE, LOOK, PACK, ORDER, LISTEN, GATE = (
    "command:Shop.1.note",
    "command:Shop.1.look",
    "worker:Shop.1.pack",
    "worker:Shop.1.order",
    "subscription:Shop.1.listen",
    "gate:Shop.1.monthly",
)
TRACE = "0af7651916cd43dd8448eb211c80319c"

ANN = ("hello", Place(order_id="o-1"), "north", "ann@shop.example")

# Requests whose sender Cloud Run knows: what the handler is given of each.
ANSWERED = {
    "http_iam": ANN,
    "http_serverless_authorization": ANN,
    "http_account": ("hello", Place(order_id="o-1"), "north", "117"),
    "http_traced": ANN,
    "http_encoded_path": ("hello", Place(order_id="a b%/c"), "north", "ann@shop.example"),
    "http_multi_value_query": (
        "hello",
        Place(order_id="o-1", tag=("new", "old"), page=2),
        "north",
        "ann@shop.example",
    ),
    "http_escaped_query": ("hello", Place(order_id="o-1", tag=("a&b c", "ä")), "north", "ann@shop.example"),
}

# Requests that are refused before the handler runs: the status, and a part of the detail.
REFUSED = {
    "http_nobody": (401, "say who you are"),
    "http_no_tenant": (401, "no claim 'tenant'"),
    "http_broken_token": (401, "say who you are"),
    "http_basic": (401, "say who you are"),
    "http_binary": (415, "application/json"),
    "http_other_media_type": (415, "application/json"),
    "http_oversized": (413, "1024 bytes"),
    "http_malformed_body": (400, "payload of note is not valid"),
    "http_no_body": (400, "payload of note is not valid"),
    "http_elsewhere": (404, "Not Found"),
    "http_other_method": (405, "Method Not Allowed"),
}

# Pushes: the function, how many runs its handler makes, and the reasons of dead letters.
SETTLED: dict[str, tuple[str, int, list[str]]] = {
    "push_job": (PACK, 1, []),
    "push_third_delivery": (PACK, 1, []),
    "push_put_off": (PACK, 1, []),
    "push_put_off_twice": (PACK, 1, []),
    "push_claim": (PACK, 1, []),
    "push_ordered": (ORDER, 1, []),
    "push_ordered_by_service": (ORDER, 1, []),
    "push_without_path": (PACK, 1, []),
    "push_slot_to_queue": (PACK, 1, []),
    "push_slot_to_event": (LISTEN, 1, []),
    "push_slot_to_command": (NOTE, 1, []),
    "push_slot_at_gate": (GATE, 0, []),
    "push_knock_at_gate": (GATE, 0, []),
    "push_event": (LISTEN, 1, []),
    "push_event_of_others": (LISTEN, 1, []),
    "push_cloud_event": (LISTEN, 1, []),
    "eventarc_event": (LISTEN, 1, []),
    "eventarc_job": (PACK, 1, []),
    "eventarc_storage": (LISTEN, 0, []),
    "unwrapped_event": (LISTEN, 1, []),
    "unwrapped_cloud_event": (LISTEN, 1, []),
    "unwrapped_ordered_job": (PACK, 1, []),
    "push_attributes_only": (PACK, 0, ["not JSON"]),
    "push_attributes_only_by_service": (PACK, 0, ["not JSON"]),
    "push_binary": (PACK, 0, ["not JSON"]),
    "push_undecodable": (PACK, 0, ["not JSON"]),
    "push_other_queue_s_job": (PACK, 0, ["a job of queue 'shop.other'"]),
    "push_expired_claim": (PACK, 0, ["no longer in the bucket of claims"]),
    "push_slot_of_no_schedule": (PACK, 0, ["'schedule' must be 'Service.version.name'"]),
}

# Nothing that starts the function.
REJECTED = {
    "push_to_another_edge": PACK,
    "push_malformed": PACK,
    "push_without_message": PACK,
    "push_bad_base64": PACK,
    "push_bad_attributes": PACK,
    "push_list": PACK,
    "unwrapped_bare": PACK,
    "eventarc_without_id": LISTEN,
    "structured_cloud_event": LISTEN,
    "scheduler_http_target": PACK,
    "tasks_http_target": LISTEN,
    "health_check": GATE,
    "invoke_command_for_another": NOTE,
    "invoke_event_instead_of_command": NOTE,
    "invoke_malformed": NOTE,
    "invoke_list": NOTE,
}

OTHERS = {"http_public", "invoke_command"}


def deployed(name: str) -> Deployed:
    """Deploy a function of the shop, at the time of the recordings."""
    body = b'{"id":"0190a000","queueName":"shop.packing","payload":{"text":"hello"}}'
    bodies = {"queue:shop.packing/0190a000": body}
    # Nobody is asked for a tenant whom the platform pushes for.
    return Deployed(name, environment={"PURISTA_TENANT_CLAIM": "tenant"}, bodies=bodies)


def test_every_recorded_request_is_used():
    """No file lies there for show."""
    used = {*ANSWERED, *REFUSED, *SETTLED, *REJECTED, *OTHERS}

    assert {path.stem for path in EVENTS.glob("*.json")} == used
    assert len(used) >= 60


@pytest.mark.parametrize("name", ANSWERED)
def test_a_request_reaches_its_command(name):
    """Path, query, body and sender are the request's."""
    function = deployed(NOTE)
    answer = function(load(name))

    assert function.notes.seen == [ANSWERED[name]]
    assert (answer.status, answer.body) == (200, b'{"text":"hello"}')
    assert answer.headers["Content-Type"] == "application/json"
    assert [message.event_name for message in function.published()] == ["shop.noted"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_refused_is_answered_with_a_problem(name):
    """Nothing runs; what is wrong is told as RFC 9457 has it."""
    function = deployed(NOTE)
    answer = function(load(name))

    status, detail = REFUSED[name]
    assert function.notes.seen == []
    assert (answer.status, answer.json()["status"]) == (status, status)
    assert detail in answer.json().get("detail", answer.json()["title"])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


def test_a_public_request_is_of_nobody():
    """Nobody has checked who sends it."""
    function = deployed(LOOK)

    assert function(load("http_public")).json() == {"text": "latest"}
    assert function.notes.seen == [(None, None, None, None)]


@pytest.mark.parametrize("name", SETTLED)
def test_a_push_is_settled(name):
    """What decodes is handled, what does not is a dead letter, and Pub/Sub may forget both."""
    target, runs, reasons = SETTLED[name]
    function = deployed(target)
    answer = function(load(name))

    assert (answer.status, answer.body) == (204, b"")
    assert len(function.notes.seen) == runs
    letters = [letter.reason for letter in function.letters()]
    assert len(letters) == len(reasons)
    assert all(reason in letter for reason, letter in zip(reasons, letters, strict=True)), letters


@pytest.mark.parametrize("name", REJECTED)
def test_what_starts_no_function_is_refused(name):
    """Nothing is guessed: the sender is told that this was not for the function, and nothing more."""
    function = deployed(REJECTED[name])
    answer = function(load(name))

    assert (answer.status, answer.json()) == (400, {"type": "about:blank", "title": "Bad Request", "status": 400})
    assert function.notes.seen == []
    assert function.letters() == ()


def test_an_invocation_is_answered_with_the_response_s_envelope():
    """A command message goes in, upstream's response comes out, and the success event is published."""
    function = deployed(NOTE)
    answer = function(load("invoke_command"))
    response = answer.json()

    assert function.notes.seen == [("hello", Place(order_id="o-1"), "north", "ann")]
    assert answer.headers["Content-Type"] == "application/json"
    assert (response["messageType"], response["payload"]) == ("commandSuccessResponse", {"text": "hello"})
    assert (response["causationId"], response["correlationId"]) == ("m-7", "c-1")
    assert [message.event_name for message in function.published()] == ["shop.noted"]


def test_an_event_of_another_system_is_a_message_of_its_own():
    """Id and time are Pub/Sub's, the name is its attribute, the payload its data."""
    function = deployed(LISTEN)
    function(load("push_event_of_others"))

    ((text, message, tenant),) = function.notes.seen
    assert (text, tenant) == ("hello", None)
    assert (message.id, message.timestamp) == ("9", 1_795_204_975_584)
    assert message.event_name == "shop.ordered"


@pytest.mark.parametrize(
    "name", ["push_event", "push_cloud_event", "eventarc_event", "unwrapped_event", "unwrapped_cloud_event"]
)
def test_an_event_arrives_as_it_was_sent_in_whatever_shape(name):
    """What was wrapped around it is gone; identity, trace, correlation and sender are there."""
    function = deployed(LISTEN)
    function(load(name))

    ((_, message, tenant),) = function.notes.seen
    assert (message.id, message.correlation_id, message.trace_id, tenant) == ("m-1", "c-1", TRACE, "north")
    assert message.timestamp == SENT
    assert message.traceparent == f"00-{TRACE}-b7ad6b7169203331-01"
    assert (message.sender.service, message.sender.target) == ("Shop", "note")


def test_a_trace_is_continued_and_a_correlation_kept():
    """The answer names both, also when the request brought them along."""
    headers = deployed(NOTE)(load("http_traced")).headers

    assert headers["traceparent"].split("-")[1] == TRACE
    assert headers["x-correlation-id"] == "c-1"
