"""Dead letters in the subscriptions of a deployment: pulled, read, held until a tool is done with them, acknowledged.

Pub/Sub has no way to look at a message without pulling it. What is pulled is hidden from others for a while, and given
back when the tool ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs.push import Pushed, decode, number_in
from purista_serverless.adapters.gcp.constants import (
    AT_ATTRIBUTE,
    ATTEMPTS_ATTRIBUTE,
    GENERATION_ATTRIBUTE,
    ID_ATTRIBUTE,
    QUEUE_EDGE,
    REASON_ATTRIBUTE,
    SCHEDULE_EDGE,
)
from purista_serverless.adapters.gcp.direct import Unwrapper
from purista_serverless.adapters.gcp.ports.times import timestamp_of
from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload, ProviderRefused, UndeclaredUse
from purista_serverless.message import Job, Message
from purista_serverless.message.wire import format_json
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.ports import DeadLetter

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.ports import GcpPorts
    from purista_serverless.runtime.assembly import Assembly

# How long pulled letters are hidden from others, in seconds: as long as a person takes to answer, and no longer than
# Pub/Sub lets a message be held (Pub/Sub documentation, lease management: 600 s). A tool that works on many of them
# asks for more when half of it has passed: an acknowledgement that comes later may count for nothing.
_HOLD = 300
_RENEWAL = _HOLD * 1_000 // 2
_MOST = 1_000

# A pull that waits for nothing may find nothing although there is something.
_EMPTY_PULLS = 3
_PAUSE = 0.2

# What Pub/Sub writes on a message that it has given up on itself.
_DELIVERIES = "CloudPubSubDeadLetterSourceDeliveryCount"

_PULL = Use("pubsub.subscriptions.consume", "use credentials that may")


class PubSubLetter(DeadLetter):
    """A letter as it was pulled.

    Attributes:
        handles: Acknowledgement ids of it and of its copies.
        pushed: The message as it lies in the subscription; ``body`` is what a consumer makes of it.
        is_slot: Whether it is a slot or a knock that never reached the gate of its schedule.
    """

    __slots__ = ("handles", "is_slot", "pushed")

    def __init__(self, *, handle: str, pushed: Pushed, is_slot: bool, **fields: Any) -> None:
        super().__init__(**fields)
        self.handles = [handle]
        self.pushed = pushed
        self.is_slot = is_slot


class Letters:
    """The dead letters of a deployment; what was pulled is held until ``release``.

    Args:
        subscriptions: Full names of the subscriptions of dead letters, by edge.
        assembly: The application, which knows what bodies mean.
        ports: The ways out, for bodies that are kept elsewhere.
        pause: Waits for some seconds before an empty subscription is asked again.
    """

    __slots__ = ("_assembly", "_handles", "_held", "_pause", "_ports", "_renewed", "_subscriptions")

    def __init__(
        self,
        subscriptions: Mapping[str, str],
        assembly: "Assembly",
        ports: "GcpPorts",
        *,
        pause: Callable[[float], None],
    ) -> None:
        self._subscriptions = subscriptions
        self._assembly = assembly
        self._ports = ports
        self._pause = pause
        self._held: dict[str, dict[str, PubSubLetter]] = {}
        # Of all that was pulled, also of what could not be read.
        self._handles: defaultdict[str, set[str]] = defaultdict(set)
        self._renewed = ports.clock.now()

    def edges(self) -> tuple[str, ...]:
        """Give the edges that have a subscription of dead letters, sorted."""
        return tuple(sorted(self._subscriptions))

    def of(self, edge: str, *, limit: int) -> tuple[PubSubLetter, ...]:
        """Give the letters of an edge, oldest first: those that are held, and more until there are enough."""
        held = self._held.setdefault(edge, {})
        while len(held) < limit and (found := self._pull(edge, limit - len(held))):
            for letter in found:
                if (known := held.get(letter.key)) is None:
                    held[letter.key] = letter
                else:
                    known.handles += letter.handles
        return tuple(sorted(held.values(), key=lambda letter: (letter.at, letter.key))[:limit])

    def delete(self, letter: PubSubLetter) -> None:
        """Delete a letter with its copies; the others stay held."""
        self._ask(letter.edge, "acknowledge", {"ackIds": letter.handles})
        self._held.get(letter.edge, {}).pop(letter.key, None)
        self._handles[letter.edge].difference_update(letter.handles)
        self._renew()

    def release(self) -> None:
        """Give back what is held, so that others see it at once."""
        for edge, handles in self._handles.items():
            self._hold(edge, handles, 0)
        self._handles.clear()
        self._held.clear()

    def purge(self, edge: str) -> None:
        """Drop all letters of an edge that were published until now."""
        self._held.pop(edge, None)
        self._handles.pop(edge, None)
        self._ask(edge, "seek", {"time": timestamp_of(self._ports.clock.now())})

    def _pull(self, edge: str, most: int) -> list[PubSubLetter]:
        for _ in range(_EMPTY_PULLS):
            wanted = {"maxMessages": min(most, _MOST), "returnImmediately": True}
            received = self._ask(edge, "pull", wanted).get("receivedMessages", ())
            if received:
                handles = {one["ackId"] for one in received}
                self._handles[edge] |= handles
                self._hold(edge, handles, _HOLD)
                self._renew()
                return [self._letter(edge, one["ackId"], one["message"]) for one in received]
            self._pause(_PAUSE)
        return []

    def _renew(self) -> None:
        """Hold everything for longer, if that is due."""
        now = self._ports.clock.now()
        if now - self._renewed < _RENEWAL:
            return
        self._renewed = now
        for edge, handles in self._handles.items():
            self._hold(edge, handles, _HOLD)

    def _hold(self, edge: str, handles: Iterable[str], seconds: int) -> None:
        ordered = sorted(handles)
        for start in range(0, len(ordered), _MOST):
            chunk = ordered[start : start + _MOST]
            self._ask(edge, "modifyAckDeadline", {"ackIds": chunk, "ackDeadlineSeconds": seconds})

    def _letter(self, edge: str, handle: str, message: Mapping[str, Any]) -> PubSubLetter:
        # What is pulled has the members of what is pushed.
        pushed = decode(format_json({"message": message}))
        given = pushed.attributes
        body = self._body(edge, pushed)
        is_slot = edge.startswith(SCHEDULE_EDGE) and ID_ATTRIBUTE not in given
        letter_id, generation = _identity(edge, body) or (pushed.id, 0)
        return PubSubLetter(
            edge=edge,
            id=given.get(ID_ATTRIBUTE) or letter_id,
            body=body,
            reason=given.get(REASON_ATTRIBUTE) or _reason(given),
            attempts=number_in(given.get(ATTEMPTS_ATTRIBUTE, "")) or number_in(given.get(_DELIVERIES, "")) or 0,
            generation=_number(given, GENERATION_ATTRIBUTE, generation),
            at=_number(given, AT_ATTRIBUTE, pushed.sent),
            handle=handle,
            pushed=pushed,
            is_slot=is_slot,
        )

    def _body(self, edge: str, pushed: Pushed) -> bytes:
        """Give the body as the edge's consumer takes it; as it is, where that cannot be made of it."""
        consumer: Any = self._assembly.consumers.get(edge)
        unwrapper = Unwrapper(edge, getattr(consumer, "function", None), self._ports)
        try:
            return unwrapper.body(pushed)
        except (BadEvent, BoundExceeded, InvalidPayload, UndeclaredUse):
            return pushed.data

    def _ask(self, edge: str, method: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._subscriptions[edge]
        try:
            found: Mapping[str, Any] = self._ports.deployment.post(
                "pubsub", f"/v1/{name}:{method}", value, _PULL, name
            ).json()
        except UndeclaredUse as error:
            # The ports speak to the author of a function, and this is a person's tool.
            raise ProviderRefused(f"these credentials may not do {_PULL.action} on {name}; use others") from error
        return found


def _reason(attributes: Mapping[str, str]) -> str:
    count = attributes.get(_DELIVERIES)
    if count is None:
        return "nobody said why"
    return f"Pub/Sub moved it here: it was delivered {count} times, and nobody settled it"


def _number(attributes: Mapping[str, str], name: str, otherwise: int) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else otherwise


def _identity(edge: str, body: bytes) -> tuple[str, int] | None:
    """Give id and generation as the body tells them, for a letter that nobody labelled."""
    if edge.startswith(SCHEDULE_EDGE):
        return None
    try:
        found: Job | Message = Job.decode(body) if edge.startswith(QUEUE_EDGE) else Message.decode(body)
    except BadEvent:
        return None
    return found.id, found.generation
