"""Deliver one case to a function on Cloud Run: raw requests in, its answer and what its ports were told out."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from purista_serverless.adapters.gcp.constants import COMMAND_PATH
from purista_serverless.adapters.gcp.entry import bind
from purista_serverless.message import Message
from purista_serverless.message.cloudevent import to_http
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.host import Case, Need, Record, Reply, Settlement
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import MemorySettings
from tests.contracts.hosting_functions import Kept, entry_of
from tests.unit.gcp.wire import SUBSCRIPTION, Call, GcpDoubles, load, message, path_of, push, reply_of
from tests.unit.gcp.wire import Reply as Answer

# When a failed push comes again, the subscription's policy says: of an answer that asks for that no delay is known.
AGAIN = Settlement(verdict="redelivered", delay=0)

CLOUD_EVENT_LACKS: Mapping[Need, str] = {
    "jobs": "A job is no event, and comes in its own envelope.",
    "bodies": "A letter holds the message that the host made of the event.",
}

# Gives the request for a record of an edge, by its number; bodies may be kept by key in the bucket of claims.
Packing = Callable[[str, Record, int, dict[str, bytes]], Call]


class CloudRunHost:
    """A function on Cloud Run, for one case: its entry, and ports that keep what leaves it.

    Args:
        case: What is delivered.
        triggers: Why the function runs besides what the topology says.
        environment: Its variables.
    """

    def __init__(
        self, case: Case, *, triggers: tuple[str, ...] = (), environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._kept = Kept(case)
        settings = MemorySettings(case.config, case.secrets)
        self.ports = GcpDoubles(VirtualClock(START), settings=settings, resources=case.resources, **self._kept.guarded)
        self._kept.answer(case, self.ports)
        self._handler = bind(entry_of(case, triggers), environment, self.ports)

    def start(self, call: Call) -> Answer:
        """Start the function with a request."""
        return reply_of(self._handler(call.request()))

    def settle(self, call: Call, receives: int) -> Settlement:
        """Push a message and say how it was settled: for good, by a task that publishes it again, or by the answer."""
        before = len(self.ports.delays.messages)
        status = self.start(call).status
        assert status in {204, 503}
        put_off = self.ports.delays.messages[before:]
        if status == 503:
            assert put_off == []
            return AGAIN
        if not put_off:
            return Settlement(verdict="acknowledged")
        return Settlement(
            verdict="redelivered",
            delay=put_off[0].due - self.ports.clock.now(),
            counted=int(put_off[0].attributes["receives"]) == receives,
        )

    def reply(self, *, response: Message | None = None, settlements: tuple[Settlement, ...] = ()) -> Reply:
        """Give what was answered, and what left through the ports."""
        return self._kept.reply(response=response, settlements=settlements)


def deliver(case: Case, packing: Packing) -> Reply:
    """Deliver a command as an invocation, and everything else record by record."""
    host = CloudRunHost(case)
    if case.edge.startswith("command:"):
        (given,) = case.records
        answer = host.start(Call(path=COMMAND_PATH, body=given.body, headers={"Content-Type": "application/json"}))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        return host.reply(response=Message.decode(answer.body))
    return settled(host, case, packing)


def settled(host: CloudRunHost, case: Case, packing: Packing, edge: str | None = None) -> Reply:
    """Deliver the records of a case one by one: no push has more than one."""
    bucket = host.ports.claims.bodies
    calls = [packing(edge or case.edge, given, number, bucket) for number, given in enumerate(case.records)]
    return host.reply(
        settlements=tuple(host.settle(call, given.receives) for call, given in zip(calls, case.records, strict=True))
    )


def published() -> str:
    """Give the time at which everything was published: now."""
    return f"{START:%Y-%m-%dT%H:%M:%S}Z"


def wrapped(edge: str, given: Record, number: int, _bucket: dict[str, bytes]) -> Call:
    """Push as our own subscriptions do."""
    return push(edge, given.body, id=f"message-{number}", attempt=given.receives, published=published())


def put_off(edge: str, given: Record, number: int, _bucket: dict[str, bytes]) -> Call:
    """Push a message for the first time that was received before, and put off by a task."""
    attributes = {"edge": edge, "receives": str(given.receives - 1)}
    return push(edge, given.body, id=f"message-{number}", attributes=attributes, published=published())


def by_eventarc(edge: str, given: Record, number: int, _bucket: dict[str, bytes]) -> Call:
    """Deliver as a trigger of Eventarc does, which knows nothing of our paths."""
    body = message(given.body, id=f"message-{number}", attempt=given.receives, published=published())
    recorded = load("eventarc_event")
    return Call(path="/", headers=recorded.headers, body=json.dumps(body).encode())


def unwrapped(edge: str, given: Record, number: int, _bucket: dict[str, bytes]) -> Call:
    """Push without a wrapper, with metadata: to our own path."""
    return Call(path=path_of(edge), headers=metadata(given, number), body=given.body)


def as_cloud_event(edge: str, given: Record, number: int, _bucket: dict[str, bytes]) -> Call:
    """Push an event without a wrapper that was published with the attributes of a CloudEvent."""
    try:
        headers, body = to_http(Message.decode(given.body))
    except ValueError:
        return unwrapped(edge, given, number, _bucket)
    # The attribute of that name takes the place of the header.
    told = {name: text for name, text in metadata(given, number).items() if name != "Content-Type"}
    return Call(path="/", headers={**told, **headers}, body=body)


def metadata(given: Record, number: int) -> dict[str, str]:
    """Give the headers that Pub/Sub writes on request."""
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Goog-Pubsub-Message-Id": f"message-{number}",
        "X-Goog-Pubsub-Publish-Time": published(),
        "X-Goog-Pubsub-Subscription-Name": SUBSCRIPTION,
        "X-Goog-Pubsub-Delivery-Attempt": str(given.receives),
    }


def claimed(edge: str, given: Record, number: int, bucket: dict[str, bytes]) -> Call:
    """Put a body into the bucket, and push a claim to it."""
    key = f"{edge}/{number}"
    bucket[key] = given.body
    claim = json.dumps({"purista": "claim", "key": key, "size": len(given.body)})
    return push(edge, claim, id=f"message-{number}", attempt=given.receives, published=published())
