"""Raw events, as AWS' services write them, at the functions that they start."""

import json
from typing import Any

import pytest

from purista_serverless.errors import BadEvent
from purista_serverless.message import Job
from tests.unit.aws.shop import Place
from tests.unit.aws.wire import EVENTS, Deployed, load

NOTE, PACK, LISTEN, GATE = (
    "command:Shop.1.note",
    "worker:Shop.1.pack",
    "subscription:Shop.1.listen",
    "gate:Shop.1.monthly",
)
ROLE = "arn:aws:sts::123456789012:assumed-role/clerk/session"
TRACE = "0af7651916cd43dd8448eb211c80319c"

ANN = ("hello", Place(order_id="o-1"), "north", "ann")
CLERK = ("hello", Place(order_id="o-1"), None, ROLE)

# Requests whose sender the platform knows: what the handler is given of each.
ANSWERED = {
    "http_api_v2_jwt": ANN,
    "http_api_v2_decoded_path": ("hello", Place(order_id="a b%"), "north", "ann"),
    "http_api_v2_base64": ANN,
    "http_api_v2_iam": CLERK,
    "http_api_v2_lambda_authorizer": ANN,
    "http_api_v2_multi_value_query": ("hello", Place(order_id="o-1", tag=("new", "old"), page=2), "north", "ann"),
    "http_api_v2_escaped_query": ("hello", Place(order_id="o-1", tag=("a&b c", "ä")), "north", "ann"),
    "http_api_v2_cookies": ANN,
    "http_api_v2_traced": ANN,
    "http_api_v2_stage": ANN,
    "http_api_v1_jwt": ("hello", Place(order_id="a b%"), "north", "ann"),
    "rest_api_v1_cognito": ANN,
    "rest_api_v1_encoded_path": ("hello", Place(order_id="a b%"), "north", "ann"),
    "rest_api_v1_custom_authorizer": ("hello", Place(order_id="o-1"), None, "ann"),
    "rest_api_v1_iam": CLERK,
    "rest_api_v1_multi_value": ("hello", Place(order_id="o-1", tag=("new", "old"), page=2), "north", "ann"),
    "rest_api_v1_base64": ANN,
    "function_url_iam": ("hello", Place(order_id="a b", tag=("new",)), None, ROLE),
}

# Requests that are refused before the handler runs: the status, and a part of the detail.
REFUSED = {
    "http_api_v2_nobody": (401, "say who you are"),
    "http_api_v2_binary": (415, "application/json"),
    "http_api_v2_other_media_type": (415, "application/json"),
    "http_api_v2_oversized": (413, "1024 bytes"),
    "http_api_v2_malformed_body": (400, "payload of note is not valid"),
    "http_api_v2_no_body": (400, "payload of note is not valid"),
    "rest_api_v1_nobody": (401, "say who you are"),
    "rest_api_v1_console_test": (415, "application/json"),
    "function_url_public": (401, "say who you are"),
    "function_url_elsewhere": (404, "Not Found"),
    "function_url_other_method": (405, "Method Not Allowed"),
}

# Batches: the function, which records come again, and the reasons of dead letters.
SETTLED: dict[str, tuple[str, list[int], list[str]]] = {
    "sqs_job": (PACK, [], []),
    "sqs_batch_of_three": (PACK, [], []),
    "sqs_fourth_receive": (PACK, [], []),
    "sqs_fair_standard": (PACK, [], []),
    "sqs_undecodable": (PACK, [], ["not JSON"]),
    "sqs_one_undecodable_of_two": (PACK, [], ["not JSON"]),
    "sqs_other_queue_s_job": (PACK, [], ["a job of queue 'shop.other'"]),
    "sqs_empty_body": (PACK, [], ["not JSON"]),
    "sqs_empty_batch": (PACK, [], []),
    "sqs_oversized_job_claim": (PACK, [], []),
    "eventbridge_envelope_in_sqs": (LISTEN, [], []),
    "eventbridge_other_system_in_sqs": (LISTEN, [], []),
    "eventbridge_replayed_in_sqs": (LISTEN, [], []),
    "eventbridge_claim_in_sqs": (LISTEN, [], []),
    "eventbridge_direct_binding": (PACK, [], []),
    "eventbridge_direct_binding_bad_payload": (PACK, [], ["text: Input should be a valid string"]),
    "scheduler_slot_to_event": (LISTEN, [], []),
    "scheduler_slot_to_queue": (PACK, [], []),
    "scheduler_slot_to_command": (NOTE, [], []),
    "scheduler_slot_at_gate": (GATE, [], []),
    "scheduler_knock_at_gate": (GATE, [], []),
    "scheduler_slot_without_time": (PACK, [], ["not a time in ISO 8601"]),
}

# Nothing that starts the function: a FIFO queue is another function's.
REJECTED = {
    "invoke_command_for_another": NOTE,
    "invoke_event_instead_of_command": NOTE,
    "invoke_malformed": NOTE,
    "empty": NOTE,
    "list": NOTE,
    "alb": NOTE,
    "sns": PACK,
    "s3": LISTEN,
    "warmer": NOTE,
}

TENANTS = {"PURISTA_TENANT_CLAIM": "custom:tenant"}
ENVIRONMENT = {
    "PURISTA_QUEUES": json.dumps(
        {
            "call:Shop.1.daily": "https://sqs.eu-central-1.amazonaws.com/123456789012/call-1",
            "call:Shop.1.weekly": "https://sqs.eu-central-1.amazonaws.com/123456789012/call-2",
        }
    ),
}


def kept_bodies() -> dict[str, bytes]:
    """Give what lies in the bucket of claims."""
    (job,) = load("sqs_job")["Records"]
    (event,) = load("eventbridge_envelope_in_sqs")["Records"]
    return {
        "queue:shop.packing/0190a000": job["body"].encode(),
        "shop.ordered/m-1": json.dumps(json.loads(event["body"])["detail"]).encode(),
    }


def deployed(name: str, *, has_tenants: bool = False) -> Deployed:
    """Deploy a function of the shop."""
    environment = {**ENVIRONMENT, **(TENANTS if has_tenants else {})}
    return Deployed(name, environment=environment, bodies=kept_bodies())


def test_every_recorded_event_is_used():
    """No file lies there for show."""
    used = {*ANSWERED, *REFUSED, *SETTLED, *REJECTED, "invoke_command", "sqs_fifo"}

    assert {path.stem for path in EVENTS.glob("*.json")} == used
    assert len(used) >= 30


@pytest.mark.parametrize("name", ANSWERED)
def test_a_request_reaches_its_command(name):
    """Path, query, body and sender are the same, whichever kind of API the request came through."""
    _, _, tenant, _ = ANSWERED[name]
    function = deployed(NOTE, has_tenants=tenant is not None)
    answer = function(load(name))

    assert function.notes.seen == [ANSWERED[name]]
    assert (answer["statusCode"], answer["body"]) == (200, '{"text":"hello"}')
    assert answer["headers"]["Content-Type"] == "application/json"
    assert [message.event_name for message in function.published()] == ["shop.noted"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_refused_is_answered_with_a_problem(name):
    """Nothing runs; what is wrong is told as RFC 9457 has it."""
    function = deployed(NOTE)
    answer = function(load(name))

    status, detail = REFUSED[name]
    problem = json.loads(answer["body"])
    assert function.notes.seen == []
    assert (answer["statusCode"], problem["status"]) == (status, status)
    assert detail in problem["detail"]
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"].get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize("name", SETTLED)
def test_a_batch_is_settled(name):
    """What decodes is handled, what does not is a dead letter, and nothing of a batch is lost."""
    target, failed, reasons = SETTLED[name]
    function = deployed(target)
    event = load(name)
    answer = function(event)

    expected = [{"itemIdentifier": event["Records"][number]["messageId"]} for number in failed]
    assert answer == {"batchItemFailures": expected}
    if target != GATE:
        assert len(function.notes.seen) == len(event["Records"]) - len(reasons)
    letters = [letter.reason for letter in function.letters()]
    assert len(letters) == len(reasons)
    assert all(reason in letter for reason, letter in zip(reasons, letters, strict=True)), letters


@pytest.mark.parametrize("name", REJECTED)
def test_what_starts_no_function_is_an_error_of_its_invocation(name):
    """Nothing is guessed: the platform is told that this event was not for the function."""
    function = deployed(REJECTED[name])

    with pytest.raises(BadEvent):
        function(load(name))

    assert function.notes.seen == []


def test_an_invocation_is_answered_with_the_response_s_envelope():
    """A command message goes in, upstream's response comes out, and the success event is published."""
    function = deployed(NOTE)
    response: Any = function(load("invoke_command"))

    assert function.notes.seen == [ANN]
    assert (response["messageType"], response["payload"]) == ("commandSuccessResponse", {"text": "hello"})
    assert (response["causationId"], response["correlationId"]) == ("m-2", "c-1")
    assert [message.event_name for message in function.published()] == ["shop.noted"]


def test_a_fifo_batch_is_handled_in_its_order():
    """A batch of groups runs record by record."""
    function = deployed("worker:Shop.1.order")
    event = load("sqs_fifo")
    for number, record in enumerate(event["Records"]):
        payload = {"text": f"{record['attributes']['MessageGroupId']}{number}"}
        record["body"] = Job(id=str(number), queue="shop.ordering", payload=payload, created_at=0).encode().decode()

    assert function(event) == {"batchItemFailures": []}
    assert function.notes.seen == ["a0", "b1", "a2"]


def test_an_event_of_another_system_is_a_message_of_its_own():
    """Id and time are EventBridge's, the name is its detail type, the payload its detail."""
    function = deployed(LISTEN)
    function(load("eventbridge_other_system_in_sqs"))

    ((text, message, tenant),) = function.notes.seen
    assert (text, tenant) == ("hello", None)
    assert (message.id, message.timestamp) == ("6a7e8feb-b491-4cf7-a9f1-bf3703467718", 1_800_000_000_000)
    assert message.event_name == "shop.ordered"


def test_an_envelope_arrives_as_it_was_sent():
    """What EventBridge wraps around it is gone; identity, trace and correlation are there."""
    function = deployed(LISTEN)
    function(load("eventbridge_envelope_in_sqs"))

    ((_, message, tenant),) = function.notes.seen
    assert (message.id, message.correlation_id, message.trace_id, tenant) == ("m-1", "c-1", TRACE, "north")
    assert message.traceparent == f"00-{TRACE}-b7ad6b7169203331-01"


def test_a_trace_is_continued_and_a_correlation_kept():
    """The answer names both, also when the request brought them along."""
    headers = deployed(NOTE)(load("http_api_v2_traced"))["headers"]

    assert headers["traceparent"].split("-")[1] == TRACE
    assert headers["x-correlation-id"] == "order 7"
