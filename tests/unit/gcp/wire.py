"""What Cloud Run hands to a function, and ports that keep what comes out of it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Request
from werkzeug.test import EnvironBuilder

from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.runtime.ports import Clock
from tests.unit.deployed import SENT, CloudDoubles, Outcomes, entry_with

EVENTS = Path(__file__).parents[2] / "events" / "gcp"
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


class GcpDoubles(CloudDoubles):
    """The doubles of the core's ports, and of those that only Google Cloud has."""

    __slots__ = ("delays",)

    def __init__(self, clock: Clock, *, bodies: Mapping[str, bytes] | None = None, **given: Any) -> None:
        super().__init__(clock, bodies=bodies, **given)
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


class Deployed(Outcomes):
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
        super().__init__(now)
        self.ports: GcpDoubles = ports or GcpDoubles(self.clock, resources={"notes": self.notes}, bodies=bodies)
        self.handler = bind(entry_with(name, facts), environment or {}, self.ports)

    def __call__(self, call: Call) -> Reply:
        """Start the function with a request."""
        return reply_of(self.handler(call.request()))


def reply_of(answer: Any) -> Reply:
    """Read what a function gave to Flask."""
    body, status, *rest = answer
    raw = body.encode() if isinstance(body, str) else body
    return Reply(status=status, body=raw, headers=rest[0] if rest else {})


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
