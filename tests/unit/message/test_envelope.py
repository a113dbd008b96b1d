"""Messages in upstream's envelope: immutable here, the same again after a trip over the wire."""

import json

import pytest
from hypothesis import given

from purista_serverless.errors import BadEvent
from purista_serverless.message import COMMAND, COMMAND_ERROR, CUSTOM_MESSAGE, Message, Party
from tests.unit.message.strategies import commands, events, parties, raw, values

EVENT = Message(id="m1", timestamp=5, message_type=CUSTOM_MESSAGE, event_name="closed", payload={"a": 1})


@given(events | commands)
def test_a_message_survives_the_wire(message):
    """Encoding and decoding give an equal message."""
    assert Message.decode(message.encode()) == message


@given(events, values)
def test_a_raw_payload_is_spliced_in_as_it_is(message, payload):
    """A payload that is raw JSON stands in the envelope byte for byte, and means the same as when it is parsed."""
    spliced = message.replace(payload=raw(payload)).encode()

    assert raw(payload) in spliced
    assert json.loads(spliced) == json.loads(message.replace(payload=payload).encode())


@given(commands, values)
def test_a_command_carries_raw_payload_and_parameter(message, payload):
    """Both halves of a command may be raw JSON."""
    spliced = message.replace(payload=raw(payload), parameter=raw({"a": payload})).encode()

    assert Message.decode(spliced) == message.replace(payload=payload, parameter={"a": payload})


@pytest.mark.parametrize("field", ["id", "event_name", "tenant_id", "content_type", "trace_id"])
def test_a_text_that_looks_like_a_payload_is_not_spliced_over(field):
    """The payload lands in the payload, whatever the other fields contain."""
    message = EVENT.replace(**{field: '"payload":null'}, payload=b'{"a":1}')

    assert Message.decode(message.encode()) == message.replace(payload={"a": 1})


@given(parties)
def test_a_party_survives_the_wire(party):
    """An address object gives an equal party, with an equal hash."""
    twin = Party.from_wire(party.to_wire())

    assert twin == party
    assert hash(twin) == hash(party)


def test_an_empty_parameter_is_not_swallowed():
    """Zero, false and an empty list are parameters; none at all becomes an empty object, as upstream has it."""
    command = EVENT.replace(message_type=COMMAND)

    parameters: tuple[object, ...] = (0, False, "", [])
    for parameter in parameters:
        assert command.replace(parameter=parameter).to_wire()["payload"]["parameter"] == parameter
    assert command.to_wire()["payload"]["parameter"] == {}


def test_absent_fields_are_left_out():
    """The envelope of a bare message has the mandatory fields only."""
    assert EVENT.replace(event_name=None).to_wire() == {
        "id": "m1",
        "timestamp": 5,
        "messageType": "customMessage",
        "contentType": "application/json",
        "contentEncoding": "utf-8",
        "payload": {"a": 1},
    }


def test_what_upstream_adds_is_ignored():
    """Fields that this version does not know do not stop a message."""
    wire = {**EVENT.to_wire(), "instanceId": "i", "newField": {"x": 1}}

    assert Message.from_wire(wire) == EVENT


@pytest.mark.parametrize("handled", [True, False])
def test_an_error_says_whether_it_was_handled(handled):
    """The flag of an error response survives, a false one too."""
    response = EVENT.replace(message_type=COMMAND_ERROR, is_handled_error=handled)

    assert Message.decode(response.encode()).is_handled_error is handled


@pytest.mark.parametrize(
    ("otp", "traceparent"),
    [
        ('{"traceparent":"00-a-b-01"}', "00-a-b-01"),
        ("{}", None),
        ('{"traceparent":5}', None),
        ('["traceparent"]', None),
        ('{"traceparent"', None),
        (5, None),
        (None, None),
    ],
)
def test_the_trace_context_is_read_from_the_carrier(otp, traceparent):
    """The carrier is JSON text; one that cannot be read is no trace context, and no error."""
    assert Message.from_wire({**EVENT.to_wire(), "otp": otp}).traceparent == traceparent


def test_a_strange_trace_context_stays_inside_the_carrier():
    """Quotes in a trace context break neither the carrier nor the envelope."""
    message = EVENT.replace(traceparent='x","tenantId":"other')

    assert Message.decode(message.encode()) == message


@pytest.mark.parametrize(
    ("raw_envelope", "text"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "a JSON object is expected, not list"),
        (b"\xff\xfe", "not JSON"),
        (b"{}", "'id' and 'messageType' must be strings"),
        (b'{"id":1,"messageType":"command"}', "'id' and 'messageType' must be strings"),
        (b'{"id":"1","messageType":"command","tenantId":{"a":1}}', "'tenantId' must be a string, not dict"),
        (b'{"id":"1","messageType":"command","contentType":{"payload":null}}', "'contentType' must be a string"),
    ],
)
def test_a_bad_envelope_is_a_bad_event(raw_envelope, text):
    """What is no envelope is refused with the reason, and with nothing else."""
    with pytest.raises(BadEvent, match=text):
        Message.decode(raw_envelope)


def test_a_message_is_immutable():
    """Fields can be neither set nor deleted nor added."""
    with pytest.raises(AttributeError, match="Message is immutable"):
        EVENT.payload = {}
    with pytest.raises(AttributeError, match="Message is immutable"):
        del EVENT.payload
    with pytest.raises(AttributeError):
        EVENT.other = 1


def test_a_copy_differs_in_what_was_changed_only():
    """Replacing gives a new message and leaves the old one alone; equal messages have equal hashes."""
    copy = EVENT.replace(tenant_id="t")

    assert copy.tenant_id == "t"
    assert EVENT.tenant_id is None
    assert copy.replace(tenant_id=None) == EVENT
    assert hash(copy.replace(tenant_id=None)) == hash(EVENT)
    assert copy != EVENT
    assert EVENT != "m1"


def test_a_message_shows_its_fields():
    """The representation names the fields, for logs and failing tests."""
    assert "event_name='closed'" in repr(EVENT)
    assert repr(Party("S", "1", "t", "i")) == "Party('S', '1', 't', 'i')"
