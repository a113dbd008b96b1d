"""Push subscriptions: what Pub/Sub does between a topic and a function, in virtual time."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.gcp.codecs import push
from purista_serverless.adapters.gcp.codecs.push import Pushed
from purista_serverless.adapters.gcp.emulator.filters import Predicate
from purista_serverless.adapters.gcp.ports.times import timestamp_of
from purista_serverless.testing.clock import VirtualClock
from tests.contracts.aws.functions import Answer, Functions, Invocation
from tests.contracts.gcp.broker import Broker, Received

Read = Callable[[Pushed], tuple[str, bytes]]
"""Gives id and body of the message in a push, in the core's words."""


class Record:
    """A message as it was handed over: a ``Delivery`` to whoever keeps a journal."""

    __slots__ = ("body", "edge", "id", "is_gone", "received")

    def __init__(self, edge: str, id: str, body: bytes, received: Received) -> None:
        self.edge = edge
        self.id = id
        self.body = body
        self.received = received
        self.is_gone = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a subscription pushes to, and how.

    Attributes:
        name: Full name of the subscription.
        topic: Full name of its topic.
        edge: The edge that it delivers, as the core names it.
        function: Name of the function.
        path: Path of its requests.
        backoff: Shortest and longest delay of a redelivery, in milliseconds.
        max_deliveries: After so many the message is forwarded.
        matches: Its filter.
    """

    name: str
    topic: str
    edge: str
    function: str
    path: str
    backoff: tuple[int, int]
    max_deliveries: int | None
    matches: Predicate


class Pushing:
    """Pushes the messages of one subscription.

    Args:
        clock: The time.
        target: Where to.
        broker: Keeps the messages.
        functions: The functions.
        sent: When each message was published, by its id; in the tests' time.
        read: Says what a message carries.
        is_phantom: Says whether messages are delivered once more than anybody gets them.
    """

    def __init__(
        self,
        clock: VirtualClock,
        target: Target,
        *,
        broker: Broker,
        functions: Functions,
        sent: Mapping[str, int],
        read: Read,
        is_phantom: Callable[[], bool],
    ) -> None:
        self.target = target
        self.is_enabled = True
        self.has_forwarded = False
        self._clock = clock
        self._broker = broker
        self._functions = functions
        self._sent = sent
        self._read = read
        self._is_phantom = is_phantom
        self._expected: dict[str, None] = {}
        self._resting: set[str] = set()
        # Those that were counted without being handed over.
        self._counted: set[str] = set()
        self._running: set[str] = set()
        # By ordering key: those that wait until the one before is done.
        self._queued: defaultdict[str, deque[Received]] = defaultdict(deque)
        self._heads: dict[str, str] = {}

    def use(self, target: Target, read: Read) -> None:
        """Push to another function from now on; what the broker has for it stays."""
        self.target = target
        self._read = read

    @property
    def is_idle(self) -> bool:
        """Say whether it has nothing to deliver."""
        return not (self._expected or self._resting or self._running or any(self._queued.values()))

    def expect(self, ids: tuple[str, ...]) -> None:
        """Learn of messages that the broker has for it."""
        self._expected.update(dict.fromkeys(ids))
        self._clock.call_later(0, self.look)

    def look(self) -> None:
        """Deliver what it has learnt of."""
        if not self.is_enabled or not self._expected:
            return
        ids, self._expected = tuple(self._expected), {}
        for received in self._broker.pull(self.target.name, ids):
            self._take(received)

    def _take(self, received: Received) -> None:
        if not self.target.matches(received.message.get("attributes", {})):
            self._broker.acknowledge(self.target.name, received)
        elif received.id not in self._counted and self._is_phantom():
            self._counted.add(received.id)
            self._refuse(received)
        else:
            self._counted.discard(received.id)
            key = received.message.get("orderingKey", "")
            if key and self._heads.setdefault(key, received.id) != received.id:
                self._queued[key].append(received)
            else:
                self._push(received)

    def _push(self, received: Received) -> None:
        body = self._body(received)
        id, read = self._read(push.decode(body))
        record: Any = Record(self.target.edge, id, read, received)
        self._running.add(received.id)
        event = {"method": "POST", "path": self.target.path, "body": body.decode()}
        invocation = self._functions.invoke(self.target.function, event, self._settle, (record,))
        invocation.strand.resume()

    def _body(self, received: Received) -> bytes:
        """Give the body of the request, with what the emulator's own pushes leave out."""
        published = timestamp_of(self._sent[received.id])
        message = {**received.message, "publishTime": published, "publish_time": published}
        wire = {"message": message, "subscription": self.target.name, "deliveryAttempt": received.attempt}
        return json.dumps(wire).encode()

    def _settle(self, invocation: Invocation, answer: Answer) -> None:
        record: Any = invocation.records[0]
        received: Received = record.received
        self._running.discard(received.id)
        if answer.kind == "returned" and answer.value["status"] < 300:
            self._broker.acknowledge(self.target.name, received)
            record.is_gone = True
            self._advance(received)
            return
        shortest, longest = self.target.backoff
        self._resting.add(received.id)
        self._clock.call_later(
            min(shortest << min(max(received.attempt - 1, 0), 20), longest), lambda: self._come_again(received)
        )

    def _come_again(self, received: Received) -> None:
        self._resting.discard(received.id)
        self._refuse(received)

    def _refuse(self, received: Received) -> None:
        """Have a message delivered again; after the last time the broker forwards it."""
        self._broker.refuse(self.target.name, received)
        if self.target.max_deliveries is not None and received.attempt >= self.target.max_deliveries:
            self.has_forwarded = True
            self._advance(received)
        else:
            self.expect((received.id,))

    def _advance(self, received: Received) -> None:
        """Let the next of its ordering key go."""
        key = received.message.get("orderingKey", "")
        if not key or self._heads.get(key) != received.id:
            return
        del self._heads[key]
        if self._queued[key]:
            following = self._queued[key].popleft()
            self._heads[key] = following.id
            self._running.add(following.id)
            self._clock.call_later(0, lambda: self._push(following))
