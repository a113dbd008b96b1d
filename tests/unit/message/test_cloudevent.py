"""CloudEvents 1.0, both ways, in both forms."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.errors import BadEvent
from purista_serverless.message import COMMAND, CUSTOM_MESSAGE, Message, Party
from purista_serverless.message.cloudevent import from_cloudevent, from_http, to_cloudevent, to_http
from tests.unit.message.strategies import events, raw, values

SENDER = Party("Billing", "1", "closeAccount", "i1")
CLOSED = Message(
    id="m1",
    timestamp=1_767_225_600_123,
    message_type=CUSTOM_MESSAGE,
    event_name="account.closed",
    payload={"accountId": "a"},
    sender=SENDER,
)
MINIMAL = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "ordered"}
EXTERNAL = Party("external", "0", "ordered", "external")


def sent(message: Message) -> Message:
    """Give a message whose sender is complete, since what is missing is filled on arrival."""
    sender = message.sender or SENDER
    return message.replace(sender=Party(sender.service, sender.version, sender.target, "i"))


@given(events)
def test_an_event_survives_the_structured_form(message):
    """Nothing that an event carries is lost, as JSON text, and the strict reader takes it."""
    message = sent(message)

    assert from_cloudevent(json.loads(json.dumps(to_cloudevent(message))), mode="strict") == message


@given(events)
def test_an_event_survives_the_binary_form(message):
    """Nothing is lost over HTTP: names are header names, values printable ASCII, the payload is the raw body."""
    message = sent(message)
    headers, body = to_http(message)
    received = from_http(headers, body, mode="strict")

    assert all(value.isascii() and value.isprintable() and " " not in value for value in headers.values())
    assert all(name == name.lower() for name in headers)
    assert received.replace(payload=message.payload) == message
    assert received.payload is None if message.payload is None else json.loads(received.payload) == message.payload


@given(st.binary(min_size=1))
def test_bytes_survive_both_forms(content):
    """What is not JSON and not text is base64 inside a message and in the structured form, bytes in the binary one."""
    image = from_http({**to_http(CLOSED)[0], "content-type": "image/png"}, content)

    assert image.content_encoding == "base64"
    assert to_http(image)[1] == content
    assert from_cloudevent(to_cloudevent(image)) == image
    assert Message.decode(image.encode()) == image


@given(st.text(min_size=1))
def test_text_survives_both_forms(content):
    """A text payload goes as text, not as a JSON string."""
    note = CLOSED.replace(payload=content, content_type="text/plain; charset=utf-8")
    headers, body = to_http(note)

    assert body.decode() == content
    assert from_http(headers, body) == note
    assert from_cloudevent(to_cloudevent(note)) == note


@given(values)
def test_json_in_base64_is_json(payload):
    """An event may carry its JSON as base64; it becomes the raw payload."""
    event = to_cloudevent(CLOSED.replace(payload=raw(payload), content_type="image/png"))
    received = from_cloudevent({**event, "datacontenttype": "application/vnd.x+json"})

    assert received.payload == raw(payload)
    assert received.content_encoding == "utf-8"


def test_names_are_lower_case():
    """Every attribute that goes out has a name that CloudEvents allows."""
    message = CLOSED.replace(
        correlation_id="c", causation_id="d", trace_id="t", traceparent="00-a-b-01", tenant_id="x", principal_id="p",
        run_id="r", idempotency_key="k", generation=2,
    )  # fmt: skip
    event = to_cloudevent(message)

    assert event == {
        "specversion": "1.0",
        "id": "m1",
        "source": "/purista/Billing/1/closeAccount",
        "type": "account.closed",
        "time": "2026-01-01T00:00:00.123Z",
        "datacontenttype": "application/json",
        "data": {"accountId": "a"},
        "contentencoding": "utf-8",
        "servicename": "Billing",
        "serviceversion": "1",
        "servicetarget": "closeAccount",
        "instanceid": "i1",
        "correlationid": "c",
        "causationid": "d",
        "traceid": "t",
        "traceparent": "00-a-b-01",
        "otp": '{"traceparent":"00-a-b-01"}',
        "tenantid": "x",
        "principalid": "p",
        "runid": "r",
        "idempotencykey": "k",
        "generation": 2,
    }


def test_upstreams_spelling_is_understood():
    """The camelCase extensions that upstream sends are read; where both are there, the legal one counts."""
    event = {
        **MINIMAL,
        "serviceName": "S",
        "serviceVersion": "2",
        "serviceTarget": "t",
        "instanceId": "i",
        "servicename": "T",
        "correlationId": "c",
        "contentEncoding": "latin-1",
    }
    message = from_cloudevent(event, mode="strict")

    assert message.sender == Party("T", "2", "t", "i")
    assert (message.correlation_id, message.content_encoding) == ("c", "latin-1")


def test_an_event_of_another_system_is_filled_up():
    """The compatible reader names the sender external and the time zero, and keeps what is told."""
    assert from_cloudevent(MINIMAL) == Message(
        id="1", timestamp=0, message_type=CUSTOM_MESSAGE, event_name="ordered", sender=EXTERNAL
    )
    assert from_cloudevent({**MINIMAL, "servicename": "Shop"}).sender == Party("Shop", "0", "ordered", "external")


def test_the_strict_reader_names_what_is_missing():
    """All four extensions of the sender are demanded; those that are missing are told."""
    with pytest.raises(BadEvent, match="serviceversion, servicetarget, instanceid missing"):
        from_cloudevent({**MINIMAL, "servicename": "Shop"}, mode="strict")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"specversion": "0.3"}, "only CloudEvents of specversion '1.0'"),
        ({"specversion": None}, "only CloudEvents of specversion '1.0'"),
        ({"id": ""}, "no 'id'"),
        ({"source": None}, "no 'source'"),
        ({"type": ""}, "no 'type'"),
        ({"type": 5}, "'type' must be a string"),
        ({"tenantid": 5}, "'tenantid' must be a string, not 5"),
        ({"my-extension": "x"}, "'my-extension' is no name"),
        ({"Subject": "x"}, "'Subject' is no name"),
        ({"": "x"}, "'' is no name"),
        ({"data": 1, "data_base64": "MQ=="}, "both 'data' and 'data_base64'"),
        ({"data_base64": "no base64!"}, "not base64"),
        ({"data_base64": 5}, "not base64"),
        ({"data_base64": "bm8="}, "not application/json"),
        ({"generation": "many"}, "'generation' must be a whole number"),
        ({"time": 5}, "'time' must be a string"),
    ],
)
def test_a_bad_cloudevent_is_a_bad_event(changes, text):
    """Whatever the specification forbids is refused with the reason."""
    with pytest.raises(BadEvent, match=text):
        from_cloudevent({**MINIMAL, **changes})


@pytest.mark.parametrize(
    ("time", "timestamp"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00.000Z", 1_767_225_600_000),
        ("2026-01-01t00:00:00z", 1_767_225_600_000),
        ("2026-01-01 00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T02:30:00.5+02:30", 1_767_225_600_500),
        ("2025-12-31T19:00:00.1239999-05:00", 1_767_225_600_123),
        ("2025-12-31T23:59:60Z", 1_767_225_600_000),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_a_time_is_read_as_the_internet_writes_it(time, timestamp):
    """All forms of RFC 3339 are read, to the millisecond."""
    assert from_cloudevent({**MINIMAL, "time": time}).timestamp == timestamp


@pytest.mark.parametrize(
    "time",
    [
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "20260101T000000Z",
        "2026-W01-4T00:00:00Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+0100",
        "2026-13-01T00:00:00Z",
        "2026-01-01T00:00:61Z",
        "२०२६-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59Z",
        "now",
    ],
)
def test_other_times_are_refused(time):
    """Only RFC 3339 counts: no week dates, no missing zone, no other digits."""
    with pytest.raises(BadEvent, match="RFC 3339"):
        from_cloudevent({**MINIMAL, "time": time})


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_every_writable_instant_survives(timestamp):
    """From the year 1 to the year 9999 no millisecond is lost."""
    assert from_cloudevent(to_cloudevent(CLOSED.replace(timestamp=timestamp))).timestamp == timestamp


def test_what_is_no_event_is_refused():
    """A message without an event name, a payload that is not what it says and a time nobody can write do not go out."""
    with pytest.raises(BadEvent, match=r"'m1' \(command\) has no event name"):
        to_cloudevent(CLOSED.replace(message_type=COMMAND, event_name=None))
    with pytest.raises(BadEvent, match="is not JSON"):
        to_cloudevent(CLOSED.replace(payload=b"{"))
    with pytest.raises(BadEvent, match="RFC 3339"):
        to_cloudevent(CLOSED.replace(timestamp=10**18))


def test_the_source_is_a_uri_reference():
    """Characters that a path may not hold are percent-encoded; without a sender the event comes from outside."""
    odd = CLOSED.replace(sender=Party("My Service", "1/2", "eventToQueue:a:b"))

    assert to_cloudevent(odd)["source"] == "/purista/My%20Service/1%2F2/eventToQueue:a:b"
    assert to_cloudevent(CLOSED.replace(sender=None))["source"] == "/purista/external/0/account.closed"


def test_headers_are_encoded_as_the_binding_says():
    """Blank, quote, percent and everything outside printable ASCII are escaped, as in the binding's own example."""
    headers, _ = to_http(CLOSED.replace(tenant_id="Euro € 😀", principal_id='"50%"'))

    assert headers["ce-tenantid"] == "Euro%20%E2%82%AC%20%F0%9F%98%80"
    assert headers["ce-principalid"] == "%2250%25%22"
    assert headers["content-type"] == "application/json"
    assert "ce-datacontenttype" not in headers


@pytest.mark.parametrize(
    ("value", "tenant"),
    [
        ("%e2%82%ac", "€"),
        ('"a b"', "a b"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ('"', '"'),
        ("ü", "ü"),
    ],
)
def test_headers_of_others_are_read(value, tenant):
    """Escapes of either case, quoted values and unescaped text are understood."""
    headers = {f"CE-{name}": text for name, text in MINIMAL.items()}

    assert from_http({**headers, "Ce-TenantId": value}, b"").tenant_id == tenant


@pytest.mark.parametrize("value", ["%", "%4", "%zz", "%  ", "%ff", "%+1"])
def test_a_broken_escape_is_a_bad_event(value):
    """What is not percent-encoded UTF-8 is refused with the name of the header."""
    headers = {f"ce-{name}": text for name, text in MINIMAL.items()}

    with pytest.raises(BadEvent, match="ce-tenantid"):
        from_http({**headers, "ce-tenantid": value}, b"")


def test_the_structured_form_is_told_by_its_content_type():
    """A body of the CloudEvents type is the whole event, whatever the headers say besides."""
    body = json.dumps(to_cloudevent(CLOSED)).encode()
    headers = {"Content-Type": "Application/CloudEvents+JSON; charset=UTF-8", "ce-id": "other"}

    assert from_http(headers, body) == CLOSED


@pytest.mark.parametrize("content_type", ["application/cloudevents-batch+json", "application/cloudevents+avro"])
def test_batches_and_other_formats_are_refused(content_type):
    """One event at a time, as JSON."""
    with pytest.raises(BadEvent, match="one by one"):
        from_http({"content-type": content_type}, b"[]")


def test_a_request_without_an_event_is_refused():
    """Neither form is there: the error says what would be one."""
    with pytest.raises(BadEvent, match="ce-id"):
        from_http({"content-type": "application/json"}, b"{}")


@pytest.mark.parametrize("body", [b'1,"tenantId":"other"', b"{", b"\xff", "1".encode("utf-16")])
def test_a_body_cannot_smuggle_fields_into_the_envelope(body):
    """The raw payload is spliced into envelopes later: only what is JSON by itself may become one."""
    headers, _ = to_http(CLOSED)

    with pytest.raises(BadEvent, match="not application/json"):
        from_http(headers, body)


def test_the_trace_is_read_from_either_place():
    """The standard extension comes first, upstream's carrier second."""
    carrier = {**MINIMAL, "otp": '{"traceparent":"00-a-b-01"}'}

    assert from_cloudevent(carrier).traceparent == "00-a-b-01"
    assert from_cloudevent({**carrier, "traceparent": "00-c-d-01"}).traceparent == "00-c-d-01"
