"""What holds of the codecs for every event, documented or not."""

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapters.aws.codecs import eventbridge, http, scheduler, sqs
from purista_serverless.errors import BadEvent
from purista_serverless.message import CUSTOM_MESSAGE, Message, invocation
from purista_serverless.message.times import milliseconds_of
from tests.unit.aws.shop import Place
from tests.unit.aws.wire import Deployed, batch, bridged, load, record

# Texts that a request can carry: JSON on AWS is UTF-8, and has no lone surrogates.
texts = st.text(st.characters(codec="utf-8"), max_size=20)
segments = texts.filter(lambda text: text not in {"", ".", ".."} and "/" not in text)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NOTE = "command:Shop.1.note"


@given(values)
def test_a_request_is_read_or_refused(context):
    """No other error leaves, whatever stands in a request's place."""
    event: Any = {**load("http_api_v2_jwt"), "requestContext": context}

    with suppress(BadEvent):
        http.decode(event)


@given(st.sampled_from(["requestContext", "headers", "pathParameters", "body", "rawQueryString", "cookies"]), values)
def test_a_request_with_a_strange_member_is_read_or_refused(member, value):
    """Each member in turn."""
    with suppress(BadEvent):
        http.decode({**load("http_api_v2_jwt"), "requestContext": {"http": {"method": "GET"}}, member: value})


@given(values)
def test_a_batch_is_read_or_refused(given_record):
    """A record of any shape."""
    with suppress(BadEvent):
        assert len(sqs.decode(batch(record("x"), given_record))) == 2


@given(values, values)
def test_an_event_is_read_or_refused(detail, name):
    """Any detail under any name."""
    wire = {**json.loads(bridged({})), "detail": detail, "detail-type": name}

    with suppress(BadEvent):
        assert isinstance(eventbridge.decode(wire), Message)


@given(st.dictionaries(st.sampled_from(["schedule", "slot", "event", "key", "payload"]), values))
def test_a_slot_is_read_or_refused(wire):
    """Any members."""
    with suppress(BadEvent):
        assert scheduler.decode({"purista": "slot", **wire}).schedule == wire["schedule"]


@given(st.dictionaries(st.sampled_from(["id", "messageType", "payload", "receiver", "sender", "otp"]), values))
def test_an_invocation_is_read_or_refused(wire):
    """Any members."""
    with suppress(BadEvent):
        assert isinstance(invocation.decode({"messageType": "command", **wire}, ("Shop", "1", "note")), Message)


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_is_read_to_the_millisecond(moment):
    """Whatever its offset to UTC, as far as AWS writes one."""
    text = moment.replace(microsecond=moment.microsecond // 1000 * 1000).isoformat()

    with suppress(BadEvent):
        assert abs(milliseconds_of(text) - moment.timestamp() * 1000) <= 1.5


@given(segments, st.lists(texts, max_size=3), texts)
def test_a_request_means_the_same_through_every_kind_of_api(order, tags, text):
    """Path, query and body reach the handler as the client meant them, wherever they are decoded on the way."""
    body = json.dumps({"text": text})
    seen = []
    for event in (*new_requests(order, tags, body), *old_requests(order, tags, body)):
        function = Deployed(NOTE)
        assert function(event)["statusCode"] == 200
        seen += [(entry[0], entry[1]) for entry in function.notes.seen]

    assert seen == [(text, Place(order_id=order, tag=tuple(tags)))] * 4


def new_requests(order: str, tags: list[str], body: str) -> list[Any]:
    """Give a request of payload format 2.0: of an HTTP API, which decodes the path, and of a function URL."""
    query = urlencode([("tag", tag) for tag in tags])
    api = {**load("http_api_v2_jwt"), "rawQueryString": query, "body": body, "pathParameters": {"orderId": order}}
    url = {
        **load("function_url_iam"),
        "rawPath": f"/orders/{quote(order, safe='')}/notes",
        "rawQueryString": query,
        "body": b64encode(body.encode()).decode(),
    }
    return [api, url]


def old_requests(order: str, tags: list[str], body: str) -> list[Any]:
    """Give a request of payload format 1.0: of a REST API, which leaves the path encoded, and of an HTTP API."""
    many = {"multiValueQueryStringParameters": {"tag": tags} if tags else None, "body": body}
    rest = {**load("rest_api_v1_cognito"), **many, "pathParameters": {"orderId": quote(order, safe="")}}
    api = {**load("http_api_v1_jwt"), **many, "pathParameters": {"orderId": order}}
    return [rest, api]


@given(texts, st.dictionaries(texts, texts, max_size=3))
def test_an_envelope_passes_through_the_bus_unchanged(message_id, payload):
    """What a subscription's consumer decodes is what was published."""
    sent = Message(id=message_id, timestamp=1, message_type=CUSTOM_MESSAGE, event_name="e", payload=payload)

    assert eventbridge.decode(json.loads(bridged(sent.encode()))) == sent


@given(st.lists(st.uuids(), max_size=5, unique=True))
def test_the_answer_names_the_records_that_come_again(failed):
    """And no others."""
    answer = sqs.encode(str(one) for one in failed)

    assert [entry["itemIdentifier"] for entry in answer["batchItemFailures"]] == [str(one) for one in failed]
