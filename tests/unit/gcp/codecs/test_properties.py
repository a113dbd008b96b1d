"""What holds of the codecs for every request, documented or not."""

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapters.gcp.codecs import eventarc, http, push, unwrapped
from purista_serverless.adapters.gcp.codecs.headers import headers_of
from purista_serverless.adapters.gcp.codecs.push import Pushed
from purista_serverless.adapters.gcp.identity import caller_of
from purista_serverless.errors import BadEvent
from purista_serverless.message import slots
from purista_serverless.message.request import Request
from tests.unit.aws.shop import Place
from tests.unit.gcp.wire import Call, Deployed, load, message

# Texts that a request can carry: JSON is UTF-8, and has no lone surrogates.
texts = st.text(st.characters(codec="utf-8"), max_size=20)
segments = texts.filter(lambda text: text not in {"", ".", ".."} and "/" not in text)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("data", "messageId", "publishTime", "attributes", "orderingKey")
VARIABLES = (
    "REQUEST_METHOD", "PATH_INFO", "RAW_URI", "REQUEST_URI", "QUERY_STRING", "CONTENT_TYPE", "HTTP_AUTHORIZATION",
    "HTTP_X_GOOG_PUBSUB_MESSAGE_ID", "HTTP_X_GOOG_PUBSUB_PUBLISH_TIME", "HTTP_X_GOOG_PUBSUB_DELIVERY_ATTEMPT",
    "HTTP_X_GOOG_ORDERING_KEY", "HTTP_CE_ID", "HTTP_CE_TYPE", "HTTP_CE_TIME", "HTTP_CE_SPECVERSION", "HTTP_EVENT",
    "HTTP_RECEIVES",
)  # fmt: skip
environs = st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=12))


@given(st.binary(max_size=60) | texts)
def test_any_body_is_a_push_or_refused(body):
    """Only ``BadEvent`` leaves the codec."""
    with suppress(BadEvent):
        assert isinstance(push.decode(body), Pushed)


@given(st.dictionaries(st.sampled_from(MEMBERS), values), values, values)
def test_a_push_with_strange_members_is_read_or_refused(members, attempt, subscription):
    """Whatever type a member has."""
    given_message = {**message("x")["message"], **members}
    body = json.dumps({"message": given_message, "deliveryAttempt": attempt, "subscription": subscription})
    with suppress(BadEvent):
        pushed = push.decode(body)
        assert isinstance(pushed.data, bytes)
        assert pushed.receives >= 1


@given(st.binary(max_size=100), st.dictionaries(texts, texts, max_size=4), texts, st.integers(0, 100))
def test_a_push_keeps_what_was_published(data, attributes, key, attempt):
    """Data, attributes, ordering key and count, whatever they hold."""
    pushed = push.decode(json.dumps(message(data, attributes=attributes, key=key, attempt=attempt)))

    assert (pushed.data, pushed.ordering_key, pushed.attempt) == (data, key, attempt)
    assert pushed.attributes == attributes
    assert eventarc.decode(json.dumps(message(data))).data == data


@given(environs, st.binary(max_size=20))
def test_any_headers_are_a_message_or_refused(environ, body):
    """A message without a wrapper is told by its headers alone."""
    with suppress(BadEvent):
        pushed = unwrapped.decode(environ, body)
        assert pushed.data == body
        assert pushed.receives >= 1
        assert "authorization" not in pushed.attributes


@given(environs, st.binary(max_size=20))
def test_any_request_is_read(environ, body):
    """There is none that the codec refuses: what it asks for is looked at later."""
    request = http.decode(environ, body, principal=None, claims={})

    assert isinstance(request, Request)
    assert request.header("content-type") == environ.get("CONTENT_TYPE", "")
    assert set(headers_of(environ)) == set(request.headers)


@given(st.dictionaries(st.sampled_from(("schedule", "event", "key", "payload", "parameter")), values))
def test_a_slot_is_read_or_refused(wire):
    """Only ``BadEvent`` leaves the codec."""
    with suppress(BadEvent):
        assert slots.decode(wire, 1).schedule.count(".") == 2


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: f"Bearer a.{b64encode(raw).decode()}.b"))
def test_any_authorisation_is_of_somebody_or_nobody(header):
    """A token that cannot be read is no token."""
    principal, claims = caller_of({"HTTP_AUTHORIZATION": header})

    assert principal is None or isinstance(principal, str)
    assert isinstance(claims, dict)


@given(segments, st.lists(texts, max_size=3))
def test_path_and_query_reach_the_handler_as_they_were_meant(order, tags):
    """What a client encodes, the handler is given decoded: every character of it."""
    recorded = load("http_iam")
    query = urlencode([("tag", tag) for tag in tags])
    function = Deployed("command:Shop.1.note")
    call = Call(path=f"/orders/{quote(order, safe='')}/notes?{query}", body=recorded.body, headers=recorded.headers)
    answer: Any = function(call)

    assert answer.status == 200, answer
    assert [place for _, place, _, _ in function.notes.seen] == [Place(order_id=order, tag=tuple(tags))]
