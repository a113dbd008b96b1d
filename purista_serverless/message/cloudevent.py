"""CloudEvents 1.0: events to and from the structured JSON form and the binary form over HTTP. Pure functions.

The mapping is upstream's, with one repair: upstream spells four extensions in camelCase, which CloudEvents forbids.
Here all names that go out are lower-case, and either spelling is understood when it comes in.

Data that is not JSON travels inside a ``Message`` as text: as it is for text types, else in base64 with the content
encoding ``base64``. An event has no receiver and no parameter, and is always a ``customMessage`` when it comes in.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any, Literal

from purista_serverless.errors import BadEvent
from purista_serverless.message.envelope import CUSTOM_MESSAGE, Message, Party, traceparent_of
from purista_serverless.message.wire import format_json, object_of, parse_json, plain_json

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["compat", "strict"]

STRUCTURED = "application/cloudevents+json"

_JSON = "application/json"
_UTF8 = "utf-8"
_BASE64 = "base64"

# Name on the wire, upstream's spelling, and the field of a message or of its sender.
_SENDER = (
    ("servicename", "serviceName", "service"),
    ("serviceversion", "serviceVersion", "version"),
    ("servicetarget", "serviceTarget", "target"),
    ("instanceid", "instanceId", "instance"),
)
_TEXTS = (
    ("traceid", "traceId", "trace_id"),
    ("correlationid", "correlationId", "correlation_id"),
    ("causationid", "causationId", "causation_id"),
    ("tenantid", "tenantId", "tenant_id"),
    ("principalid", "principalId", "principal_id"),
    ("runid", "runId", "run_id"),
    ("idempotencykey", "idempotencyKey", "idempotency_key"),
    ("traceparent", "traceparent", "traceparent"),
)
_SPELLINGS = {spelling: name for name, spelling, _ in (*_SENDER, *_TEXTS)} | {"contentEncoding": "contentencoding"}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")

# Unreserved characters of RFC 3986, and those of its others that may stand in a path segment.
_SEGMENT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@")
# The HTTP binding leaves printable ASCII as it is, except for these three.
_HEADER = frozenset(map(chr, range(0x21, 0x7F))) - frozenset(' "%')


def to_cloudevent(message: Message) -> dict[str, Any]:
    """Give an event in the structured JSON form.

    Raises:
        BadEvent: The message has no event name, or its payload is not JSON although it says so.

    Example:
        >>> sender = Party("Billing", "1", "closeAccount")
        >>> closed = Message(id="m1", timestamp=0, message_type="customMessage", event_name="closed", sender=sender)
        >>> event = to_cloudevent(closed)
        >>> event["source"], event["type"], event["time"]
        ('/purista/Billing/1/closeAccount', 'closed', '1970-01-01T00:00:00.000Z')
    """
    event = _attributes_of(message)
    payload = message.payload
    if _is_base64(message):
        event["data_base64"] = payload
    elif isinstance(payload, bytes) and not _is_json(message.content_type):
        event["data_base64"] = _encode_base64(payload)
    elif payload is not None:
        event["data"] = _plain(message)
    return event


def from_cloudevent(event: "Mapping[str, Any]", *, mode: Mode = "compat") -> Message:
    """Read an event in the structured JSON form.

    Args:
        event: The JSON object.
        mode: ``"compat"`` takes events of any system; what they do not tell of their sender is filled with service
            ``external``, version ``0``, the event's type as target, and instance ``external``. ``"strict"`` demands the
            four extensions that tell the sender.

    Raises:
        BadEvent: It is no CloudEvent of version 1.0, or not what ``mode`` demands; says what is missing.

    Example:
        >>> event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "ordered", "data": {"amount": 3}}
        >>> from_cloudevent(event).sender
        Party('external', '0', 'ordered', 'external')
    """
    attributes = _named(event)
    if "data_base64" not in attributes:
        return _message_of(attributes, attributes.get("data"), None, mode)
    if "data" in attributes:
        raise BadEvent("this CloudEvent has both 'data' and 'data_base64'; send one of them")
    body = _decode_base64(attributes["data_base64"])
    payload, encoding = _payload_of(body, attributes.get("datacontenttype"))
    return _message_of(attributes, payload, encoding, mode)


def to_http(message: Message) -> tuple[dict[str, str], bytes]:
    """Give an event in the binary form: headers with lower-case names, and the body.

    Raises:
        BadEvent: The message has no event name, or its payload is not base64 although it says so.
    """
    attributes = _attributes_of(message)
    headers = {"content-type": str(attributes.pop("datacontenttype"))}
    headers.update({f"ce-{name}": _escaped(str(value), _HEADER) for name, value in attributes.items()})
    return headers, _body_of(message)


def from_http(headers: "Mapping[str, str]", body: bytes, *, mode: Mode = "compat") -> Message:
    """Read an event from an HTTP request, in the binary or the structured form.

    A JSON body in the binary form becomes the raw payload; it was parsed once, since whatever is not JSON must not be
    put into an envelope.

    Args:
        headers: The request's headers; the case of their names does not matter.
        body: The request's body.
        mode: As in ``from_cloudevent``.

    Raises:
        BadEvent: It is no CloudEvent of version 1.0, or not what ``mode`` demands; says what is missing.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type")
    media_type = _media_type_of(content_type or "")
    if media_type == STRUCTURED:
        return from_cloudevent(object_of(body), mode=mode)
    if media_type.startswith("application/cloudevents"):
        raise BadEvent(f"CloudEvents come one by one and as JSON, {STRUCTURED}, not as {media_type}")
    found = {name[3:]: _unescaped(name, value) for name, value in lowered.items() if name.startswith("ce-")}
    if not found:
        raise BadEvent(f"no CloudEvent: neither a header such as ce-id nor the content type {STRUCTURED} is there")
    attributes: dict[str, Any] = {**_named(found), "datacontenttype": content_type}
    payload, encoding = _payload_of(body, content_type) if body else (None, None)
    return _message_of(attributes, payload, encoding, mode)


def _attributes_of(message: Message) -> dict[str, Any]:
    if not message.event_name:
        raise BadEvent(
            f"message {message.id!r} ({message.message_type}) has no event name; only events are CloudEvents"
        )
    sender = message.sender or Party("external", "0", message.event_name)
    path = "/".join(_escaped(part, _SEGMENT) for part in (sender.service, sender.version, sender.target))
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": message.id,
        "source": f"/purista/{path}",
        "type": message.event_name,
        "time": _time_of(message.timestamp),
        "datacontenttype": message.content_type,
        "contentencoding": None if _is_base64(message) else message.content_encoding,
        "otp": None if message.traceparent is None else format_json({"traceparent": message.traceparent}).decode(),
        "generation": message.generation or None,
    }
    attributes.update({name: getattr(message, field) for name, _, field in _TEXTS})
    if message.sender is not None:
        attributes.update({name: getattr(sender, field) for name, _, field in _SENDER})
    return {name: value for name, value in attributes.items() if value is not None}


def _message_of(attributes: "Mapping[str, Any]", payload: Any, encoding: str | None, mode: Mode) -> Message:
    if attributes.get("specversion") != "1.0":
        raise BadEvent(f"only CloudEvents of specversion '1.0' are understood, not {attributes.get('specversion')!r}")
    message_id, event_name = _required(attributes, "id"), _required(attributes, "type")
    _required(attributes, "source")
    texts: dict[str, Any] = {field: _text(attributes, name) for name, _, field in _TEXTS}
    texts["traceparent"] = texts["traceparent"] or traceparent_of(attributes.get("otp"))
    return Message(
        id=message_id,
        timestamp=_timestamp_of(_text(attributes, "time")),
        message_type=CUSTOM_MESSAGE,
        payload=payload,
        event_name=event_name,
        sender=_sender_of(attributes, event_name, mode),
        generation=_generation_of(attributes),
        content_type=_text(attributes, "datacontenttype") or _JSON,
        content_encoding=encoding or _text(attributes, "contentencoding") or _UTF8,
        **texts,
    )


def _sender_of(attributes: "Mapping[str, Any]", event_name: str, mode: Mode) -> Party:
    given = {name: _text(attributes, name) for name, _, _ in _SENDER}
    missing = [name for name, value in given.items() if value is None]
    if mode == "strict" and missing:
        raise BadEvent(
            f"this CloudEvent does not tell its sender: {', '.join(missing)} missing; or read it as 'compat'"
        )
    filled = ("external", "0", event_name, "external")
    return Party(*(filled[at] if value is None else value for at, value in enumerate(given.values())))


def _generation_of(attributes: "Mapping[str, Any]") -> int:
    given = attributes.get("generation", 0)
    if isinstance(given, int):
        return given
    if isinstance(given, str) and given.isdecimal():
        return int(given)
    raise BadEvent(f"the CloudEvents extension 'generation' must be a whole number, not {given!r}")


def _named(event: "Mapping[str, Any]") -> dict[str, Any]:
    """Give what is set, upstream's spellings replaced; where both spellings are there, the lower-case one counts."""
    named: dict[str, Any] = {}
    for given, value in event.items():
        name = _SPELLINGS.get(given, given)
        if value is None or (name != given and name in event):
            continue
        if name != "data_base64" and not (name and _NAME.issuperset(name)):
            raise BadEvent(f"{given!r} is no name of a CloudEvents attribute; it takes lower-case letters and digits")
        named[name] = value
    return named


def _required(attributes: "Mapping[str, Any]", name: str) -> str:
    value = _text(attributes, name)
    if not value:
        raise BadEvent(f"this CloudEvent has no {name!r}; it is required and must not be empty")
    return value


def _text(attributes: "Mapping[str, Any]", name: str) -> str | None:
    value = attributes.get(name)
    if value is not None and not isinstance(value, str):
        raise BadEvent(f"the CloudEvents attribute {name!r} must be a string, not {value!r}")
    return value


def _body_of(message: Message) -> bytes:
    payload = message.payload
    if _is_base64(message):
        return _decode_base64(payload)
    if payload is None or isinstance(payload, bytes):
        return payload or b""
    if isinstance(payload, str) and not _is_json(message.content_type):
        return payload.encode()
    return format_json(payload)


def _payload_of(body: bytes, content_type: Any) -> tuple[Any, str | None]:
    """Give the payload that a body stands for, and its content encoding if the body decides it."""
    try:
        if _is_json(str(content_type or _JSON)):
            parse_json(body.decode())
            return body, None
        if _is_text(str(content_type)):
            return body.decode(), None
    except ValueError as error:
        raise BadEvent(f"the event's data is not {content_type or _JSON}: {error}") from error
    return _encode_base64(body), _BASE64


def _plain(message: Message) -> Any:
    try:
        return plain_json(message.payload)
    except ValueError as error:
        raise BadEvent(f"the payload of message {message.id!r} is not JSON: {error}") from error


def _encode_base64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()


def _decode_base64(text: Any) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError, TypeError) as error:
        raise BadEvent(f"the event's data is not base64: {error}") from error


def _is_base64(message: Message) -> bool:
    return message.content_encoding == _BASE64 and isinstance(message.payload, str)


def _media_type_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_json(content_type: str) -> bool:
    media_type = _media_type_of(content_type)
    return media_type == _JSON or media_type.endswith("+json")


def _is_text(content_type: str) -> bool:
    media_type = _media_type_of(content_type)
    return media_type.startswith("text/") or media_type == "application/xml" or media_type.endswith("+xml")


def _escaped(text: str, plain: frozenset[str]) -> str:
    if plain.issuperset(text):
        return text
    return "".join(
        character if character in plain else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in text
    )


def _unescaped(name: str, value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        # Other senders may quote; inside quotes a backslash keeps the character after it.
        value = value[1:-1].replace("\\\\", "%5C").replace("\\", "")
    if "%" not in value:
        return value
    head, *escapes = value.split("%")
    try:
        rest = b"".join(_byte_of(part[:2]) + part[2:].encode() for part in escapes)
        return (head.encode() + rest).decode()
    except ValueError as error:
        raise BadEvent(f"the header {name} is not percent-encoded UTF-8: {error}") from error


def _byte_of(digits: str) -> bytes:
    byte = bytes.fromhex(digits)
    if len(byte) != 1:  # two blanks are no byte to `fromhex`, and no error
        raise ValueError(f"{digits!r} is not hexadecimal")
    return byte


def _time_of(timestamp: int) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=timestamp)
    except OverflowError as error:
        raise BadEvent(f"the timestamp {timestamp} is no time that RFC 3339 can write") from error
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _timestamp_of(time: str | None) -> int:
    """Give the milliseconds of an RFC 3339 time; 0 if it is not told, as upstream has it."""
    if time is None:
        return 0
    from datetime import datetime

    text = time.upper()
    clock, rest = text[:19], text[19:]
    zone = rest[1:].lstrip("0123456789") if rest.startswith(".") else rest
    fraction = rest[1 : len(rest) - len(zone)]
    # `fromisoformat` takes many more forms than RFC 3339 does.
    if _shape_of(clock) not in {"0000-00-00T00:00:00", "0000-00-00 00:00:00"}:
        raise _no_time(time)
    if (zone != "Z" and _shape_of(zone) not in {"+00:00", "-00:00"}) or rest.startswith(".") > len(fraction):
        raise _no_time(time)
    leap = clock.endswith(":60")
    try:
        moment = datetime.fromisoformat((clock[:17] + "59" if leap else clock) + zone)
        seconds = round(moment.timestamp()) + leap
    except (ValueError, OverflowError) as error:
        raise _no_time(time) from error
    return seconds * 1000 + int(fraction[:3].ljust(3, "0"))


def _shape_of(text: str) -> str:
    return "".join("0" if "0" <= character <= "9" else character for character in text)


def _no_time(time: str) -> BadEvent:
    return BadEvent(f"the CloudEvents attribute 'time' is not written as RFC 3339 wants it: {time!r}")
