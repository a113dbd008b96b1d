"""A pushed message as the core sees it, and how its push is answered."""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import PuristaServerlessError
from purista_serverless.message import Outcome, Retry

if TYPE_CHECKING:
    from purista_serverless.adapters.gcp.codecs.push import Pushed
    from purista_serverless.runtime.consume import Interrupted
    from purista_serverless.runtime.ports import Ports

# The longest that a subscription waits before it pushes again (Pub/Sub, retry policy), in milliseconds.
_LONGEST_BACKOFF = 600_000

# What is asked for more exactly than this comes again by the subscription's own policy.
_SHORTEST_DELAY = 1_000

# What Pub/Sub would not publish again (Pub/Sub, quotas and limits): more attributes, and those that begin so, which it
# and its client libraries add themselves. Nobody would be told: the task is made long before.
_MOST_ATTRIBUTES = 100
_RESERVED = "goog"


class PushDelivery:
    """A message that was pushed; settling notes what the answer will say.

    Attributes:
        outcome: How the last run of its handler ended; ``None`` before there is one.
        is_done: Pub/Sub may forget it.
        is_counted: That it comes again is an attempt.
        wait: When it comes again, in milliseconds from when it was settled; ``None`` for when Pub/Sub likes.
    """

    __slots__ = (
        "_unwrapped",
        "edge",
        "id",
        "is_counted",
        "is_done",
        "lease_until",
        "outcome",
        "pushed",
        "receives",
        "wait",
    )

    def __init__(self, pushed: "Pushed", edge: str, lease_until: int) -> None:
        self.pushed = pushed
        self.edge = edge
        self.id = pushed.id
        self._unwrapped: bytes | None = None
        self.receives = pushed.receives
        self.lease_until: int | None = lease_until
        self.outcome: Outcome | Interrupted | None = None
        self.is_done = False
        self.is_counted = True
        self.wait: int | None = None

    @property
    def body(self) -> bytes:
        """Give what the consumer is to read: the data as it came, or what took its place."""
        return self.pushed.data if self._unwrapped is None else self._unwrapped

    @body.setter
    def body(self, unwrapped: bytes) -> None:
        self._unwrapped = unwrapped

    def acknowledge(self) -> None:
        """Let Pub/Sub forget it."""
        self.is_done = True

    def redeliver(self, delay: int, *, counted: bool) -> None:
        """Give it back, to come again after ``delay`` milliseconds."""
        self.is_done = False
        self.is_counted = counted
        self.wait = delay

    def leave(self) -> None:
        """Touch nothing: it comes again when Pub/Sub likes."""
        self.wait = None

    def extend(self, duration: int) -> bool:
        """Refuse: a push is open for as long as its acknowledgement deadline says, and no longer."""
        return False

    @property
    def is_exact(self) -> bool:
        """Say whether it must come again at the time that was asked for, or without being counted.

        After a failure it comes by the subscription's own policy. So does what has an ordering key, unless it has to
        wait for longer than that policy can: published again, it would come after those that follow it.
        """
        if self.wait is None:
            return False
        if self.pushed.ordering_key:
            return self.wait > _LONGEST_BACKOFF
        return not self.is_counted or (isinstance(self.outcome, Retry) and self.wait >= _SHORTEST_DELAY)


def put_off(delivery: PushDelivery, trigger: str, ports: "Ports") -> bool:
    """Have a message published again when it is due, and say whether that was possible.

    The task is named by the message, so that a message which is pushed again makes no second one.

    Args:
        delivery: The message; what came in our place goes on as what was made of it, whose ids are made already.
        trigger: Its edge, on whose own topic it is published.
        ports: The ways out; ``delays`` among them.
    """
    from purista_serverless.adapters.gcp.constants import RECEIVES_ATTRIBUTE

    pushed, wait = delivery.pushed, delivery.wait or 0
    attributes = {name: text for name, text in pushed.attributes.items() if not name.startswith(_RESERVED)}
    if len(attributes) >= _MOST_ATTRIBUTES:
        return False
    received = delivery.receives if delivery.is_counted else delivery.receives - 1
    delays: Any = ports
    try:
        delays.delays.send(
            trigger,
            pushed.data if _is_claim(pushed.data) else delivery.body,
            attributes={**attributes, RECEIVES_ATTRIBUTE: str(received)},
            ordering_key=pushed.ordering_key or None,
            id=pushed.id,
            due=ports.clock.now() + wait,
        )
    except PuristaServerlessError as error:
        from purista_serverless.runtime.log import LOGGER

        LOGGER.warning("message %s of %s cannot be put off, and comes when it may: %s", pushed.id, trigger, error)
        return False
    return True


def _is_claim(data: bytes) -> bool:
    from purista_serverless.message.wire import parse_json
    from purista_serverless.runtime.claims import is_claim

    try:
        wire = parse_json(data)
    except ValueError:
        return False
    return isinstance(wire, dict) and is_claim(wire)
