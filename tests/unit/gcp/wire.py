"""What Cloud Run hands to a function, and ports that keep what comes out of it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Request
from werkzeug.test import EnvironBuilder

from purista_serverless import Application
from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.errors import BadEvent
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.ports import Clock, Ports
from purista_serverless.testing import doubles
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.topology import Function, topology_of
from tests.unit.aws.shop import Notes, nobody, shop

# Not in the shop's own module: a deployed function imports that one, and no application.
TOPOLOGY = topology_of(Application("shop", [shop], authenticate=nobody).model)
EVENTS = Path(__file__).parents[2] / "events" / "gcp"
FACTS = ("tracking", "runs", "strict", "recorded", "awaits", "authenticate")
SENT = 1_800_000_000_000
PUBLISHED = "2027-01-15T08:00:00.000Z"
SUBSCRIPTION = "projects/shop-7/subscriptions/shop-queue~shop.packing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it is recorded."""

    path: str
    body: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> Request:
        """Give it as Flask has it."""
        builder = EnvironBuilder(path=self.path, method=self.method, data=self.body, headers=[*self.headers.items()])
        return Request(builder.get_environ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a function answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Give the body as a JSON value."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delayed:
    """A message that was put off."""

    edge: str
    body: bytes
    attributes: Mapping[str, str]
    ordering_key: str | None
    id: str
    due: int


class Delays:
    """Keeps what was put off; a second one of an id is none."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Delayed] = {}
        self.fault: Exception | None = None

    def send(self, edge: str, body: bytes, *, id: str, **given: Any) -> None:
        """Keep a message."""
        if self.fault is not None:
            raise self.fault
        self.kept.setdefault((edge, id), Delayed(edge=edge, body=body, id=id, **given))

    @property
    def messages(self) -> list[Delayed]:
        """Give what was put off."""
        return list(self.kept.values())


class Claims:
    """Bodies by their keys."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self.bodies = dict(bodies)

    def fetch(self, claim: Mapping[str, Any]) -> bytes:
        """Give a body."""
        key = claim.get("key")
        if not isinstance(key, str) or key not in self.bodies:
            raise BadEvent(f"the body {key!r} is no longer in the bucket of claims")
        return self.bodies[key]


class GcpDoubles(Ports):
    """The doubles of the core's ports, and of those that only Google Cloud has."""

    __slots__ = ("claims", "delays")

    def __init__(self, clock: Clock, *, bodies: Mapping[str, bytes] | None = None, **given: Any) -> None:
        made = doubles.ports(clock, **given)
        names = ("events", "queues", "commands", "schedules", "dead_letters", "ledger", "settings", "resources")
        super().__init__(clock=clock, random=made.random, **{name: getattr(made, name) for name in names})
        self.claims = Claims(bodies or {})
        self.delays = Delays()


def message(
    data: str | bytes,
    *,
    id: str = "message-0",
    attempt: int = 1,
    key: str = "",
    attributes: Mapping[str, str] | None = None,
    published: str = PUBLISHED,
) -> Any:
    """Give the body of a push, as Pub/Sub writes it for a subscription with a dead letter."""
    raw = data.encode() if isinstance(data, str) else data
    inner: dict[str, Any] = {
        "data": b64encode(raw).decode(),
        "messageId": id,
        "message_id": id,
        "publishTime": published,
        "publish_time": published,
    }
    if attributes:
        inner["attributes"] = dict(attributes)
    if key:
        inner["orderingKey"] = key
    return {"message": inner, "subscription": SUBSCRIPTION, "deliveryAttempt": attempt}


def push(edge: str, data: str | bytes, *, headers: Mapping[str, str] | None = None, **given: Any) -> Call:
    """Give a push of one of our own subscriptions."""
    body = json.dumps(message(data, **given)).encode()
    return Call(path=path_of(edge), body=body, headers={"Content-Type": "application/json", **(headers or {})})


def path_of(edge: str) -> str:
    """Give the path that our subscriptions push an edge to."""
    return f"/_purista/{quote(edge, safe='')}"


class Deployed:
    """A function of the shop, bound as its generated file binds it, with ports that keep what they are told.

    Args:
        name: Name of the function in the topology.
        now: The time, in milliseconds since the epoch.
        environment: Its variables.
        bodies: What lies in the bucket of claims, by key.
        ports: The ways out; doubles of its own when omitted.
        facts: Facts in place of those that the build found.
    """

    def __init__(
        self,
        name: str,
        *,
        now: int = SENT + 1000,
        environment: Mapping[str, str] | None = None,
        bodies: Mapping[str, bytes] | None = None,
        ports: GcpDoubles | None = None,
        **facts: Any,
    ) -> None:
        self.notes = Notes()
        self.clock = VirtualClock(datetime.fromtimestamp(now / 1000, tz=UTC))
        self.ports = ports or GcpDoubles(self.clock, resources={"notes": self.notes}, bodies=bodies)
        found = entry_of(TOPOLOGY.function(name))
        entry = Entry(found.target, found.triggers, {**found.facts, **facts})
        self.handler = bind(entry, environment or {}, self.ports)

    def __call__(self, call: Call) -> Reply:
        """Start the function with a request."""
        return reply_of(self.handler(call.request()))

    def letters(self) -> Any:
        """Give the dead letters."""
        port: Any = self.ports.dead_letters
        return port.letters()

    def published(self) -> Any:
        """Give the published events."""
        port: Any = self.ports.events
        return port.messages


def reply_of(answer: Any) -> Reply:
    """Read what a function gave to Flask."""
    body, status, *rest = answer
    raw = body.encode() if isinstance(body, str) else body
    return Reply(status=status, body=raw, headers=rest[0] if rest else {})


def entry_of(function: Function) -> Entry:
    """Give the entry that the generated file of a function makes."""
    facts = {name: value for name in FACTS if (value := getattr(function, name)) and value != "none"}
    if function.run_timeout is not None:
        facts["run_timeout"] = round(function.run_timeout.total_seconds() * 1000)
    triggers = tuple(trigger.name for trigger in function.triggers)
    return Entry(f"{function.module}:{function.attribute}", triggers, facts)


def load(name: str) -> Call:
    """Read a recorded request."""
    return call_of(json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8")))


def call_of(recorded: Mapping[str, Any]) -> Call:
    """Give a request as it was recorded: its body is text, or else in base64."""
    body = b64decode(recorded["bodyBase64"]) if "bodyBase64" in recorded else recorded.get("body", "").encode()
    return Call(
        path=recorded["path"],
        method=recorded.get("method", "POST"),
        headers=recorded.get("headers", {}),
        body=body,
    )
