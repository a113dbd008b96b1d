"""Feed Google Cloud's codecs with requests that no document allows, guided by what of their code each one reaches.

An input is a row of decisions: which recorded request, which of its members are replaced, and by what. Only
``BadEvent`` may leave a codec, and only what an edge buries as well may leave what unwraps a body. Run it with::

    python -m tests.fuzz.fuzz_gcp_codecs -runs=1000000
"""

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["purista_serverless.adapters.gcp", "purista_serverless.message"]):
    from purista_serverless.adapters.gcp.codecs import http
    from purista_serverless.adapters.gcp.codecs.push import Pushed
    from purista_serverless.adapters.gcp.direct import Unwrapper
    from purista_serverless.adapters.gcp.identity import caller_of
    from purista_serverless.adapters.gcp.push import pushed_in
    from purista_serverless.message import Message, invocation
    from purista_serverless.message.job import Job
    from purista_serverless.message.wire import object_of

from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload
from purista_serverless.runtime.knocks import GateConsumer
from purista_serverless.runtime.parts import edge_consumer
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.suite import START
from tests.fuzz.changes import changed
from tests.unit.deployed import TOPOLOGY, entry_of
from tests.unit.gcp.wire import GcpDoubles

EVENTS = sorted((Path(__file__).parents[1] / "events" / "gcp").glob("*.json"))

# What stands in for a member: values of every type, and the members by which codecs tell requests apart.
STRANGERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, float("nan"), "", "x", "7", "\u0661", "\ud800", "9" * 5000, [], {}, [None],
    ["a", 7], {"a": None}, {"purista": "slot"}, {"purista": "claim"}, {"messageType": "command"}, {"message": {}},
    "2027-01-01T00:00:00Z", "2027-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "Shop.1.nightly",
    "Bearer a.e30.b", "Bearer a.b.c", "e30=", "e30", "IiI=", "{", '{"purista":"slot"}', "1.0", "%ED%A0%80",
    "text/plain", "google.cloud.pubsub.topic.v1.messagePublished", "application/cloudevents+json",
)  # fmt: skip
NAMES = (
    "purista", "slot", "schedule", "event", "key", "message", "data", "attributes", "messageId", "publishTime",
    "orderingKey", "deliveryAttempt", "subscription", "receives", "messageType", "payload", "parameter", "queueName",
    "headers", "createdAt", "maxAttempts", "otp", "sender", "receiver", "timestamp", "ce-specversion", "ce-id",
    "ce-type", "ce-source", "ce-time", "ce-generation", "ce-otp", "content-type", "authorization",
    "x-goog-pubsub-subscription-name", "x-goog-pubsub-message-id", "x-goog-pubsub-publish-time",
    "x-goog-pubsub-delivery-attempt",
)  # fmt: skip


def opened(recorded: Any) -> Any:
    """Give a recorded request with what its body and its data hold as values, so that they can be changed inside."""
    body = recorded.get("body", "")
    try:
        wire = json.loads(body)
        wire["message"]["data"] = json.loads(b64decode(wire["message"]["data"]))
    except (KeyError, TypeError, ValueError):
        return recorded
    return {**recorded, "body": wire}


def closed(request: Any) -> tuple[dict[str, Any], bytes]:
    """Give WSGI's variables and the body of a request; what nobody can send is left out."""
    path, headers, body = (request.get(name) for name in ("path", "headers", "body"))
    environ = {"PATH_INFO": text_of(path), "RAW_URI": text_of(path), "REQUEST_METHOD": text_of(request.get("method"))}
    for name, value in (headers if isinstance(headers, dict) else {}).items():
        if isinstance(value, str):
            # Servers give headers in the characters of Latin-1.
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value.encode(errors="replace").decode("latin-1")
    if (
        isinstance(body, dict)
        and isinstance(body.get("message"), dict)
        and not isinstance(body["message"].get("data"), str)
    ):
        raw = json.dumps(body["message"].get("data")).encode()
        body = {**body, "message": {**body["message"], "data": b64encode(raw).decode()}}
    return environ, (body if isinstance(body, str) else json.dumps(body)).encode(errors="replace")


def text_of(value: Any) -> str:
    """Give a text as a server gives it."""
    return value.encode(errors="replace").decode("latin-1") if isinstance(value, str) else "/"


class Nothing:
    """A bucket of claims with nothing in it."""

    def fetch(self, claim: Any) -> bytes:
        """Refuse."""
        raise BadEvent(f"nothing lies at {claim.get('key')!r}")


def unwrappers() -> list[tuple[Unwrapper, Callable[[bytes], Any]]]:
    """Give what unwraps the messages of each kind of edge, and what reads them then."""
    ports = GcpDoubles(VirtualClock(START))
    nothing: Any = Nothing()
    ports.claims = nothing
    edges = (
        ("queue:shop.packing", "worker:Shop.1.pack", Job.decode),
        ("subscription:Shop.1.listen", "subscription:Shop.1.listen", Message.decode),
        ("call:Shop.1.daily", "command:Shop.1.note", Message.decode),
    )
    found: list[tuple[Unwrapper, Callable[[bytes], Any]]] = [
        (Unwrapper(edge, entry_of(TOPOLOGY.function(name)).function(), ports), read) for edge, name, read in edges
    ]
    _, gate = edge_consumer(entry_of(TOPOLOGY.function("gate:Shop.1.monthly")))
    assert isinstance(gate, GateConsumer)
    return [*found, (Unwrapper("gate:Shop.1.monthly", None, ports, gate.timetable.slots), gate.validate)]


UNWRAPPERS = unwrappers()
ADDRESS = ("Shop", "1", "note")
REQUESTS = [opened(json.loads(path.read_text(encoding="utf-8"))) for path in EVENTS]
TEXTS = [json.dumps(request) for request in REQUESTS]


def decode(environ: dict[str, Any], body: bytes) -> None:
    """Give a request to every codec that would be asked."""
    request = http.decode(environ, body, principal=None, claims={})
    assert isinstance(request.header("content-type"), str)
    principal, claims = caller_of(environ)
    assert principal is None or isinstance(principal, str)
    assert isinstance(claims, dict)
    if environ["PATH_INFO"] == "/_purista/command":
        assert isinstance(invocation.decode(object_of(body), ADDRESS), Message)
    else:
        unwrap(pushed_in(environ, body))


def unwrap(pushed: Pushed) -> None:
    """Have a message unwrapped on every kind of edge, and decoded as its consumer would."""
    assert pushed.receives >= 1
    for unwrapper, consume in UNWRAPPERS:
        try:
            consume(unwrapper.body(pushed))
        except (BadEvent, BoundExceeded, InvalidPayload):
            continue


def run(data: bytes) -> None:
    """Try one input."""
    choices = atheris.FuzzedDataProvider(data)
    request = json.loads(TEXTS[choices.ConsumeIntInRange(0, len(TEXTS) - 1)])
    for _ in range(choices.ConsumeIntInRange(1, 3)):
        request = changed(request, choices, STRANGERS, NAMES)
        if not isinstance(request, dict):
            return
    environ, body = closed(request)
    try:
        decode(environ, body)
    except BadEvent:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()
