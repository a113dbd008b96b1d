"""Push subscriptions: what Pub/Sub does between a topic and the endpoint of a function.

The emulator itself pushes two messages of a subscription at a time, without their ordering keys and delivery attempts,
and ignores filters and backoff. It keeps the messages and fans them out; this is the rest, as the service does it.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from threading import Event, Lock, Thread
from typing import Any

from purista_serverless.adapters.gcp.emulator.filters import read_filter
from purista_serverless.adapters.gcp.emulator.pubsub import PubSub
from purista_serverless.emulation.forwarding import Answer, Request
from purista_serverless.emulation.platform import Platform
from purista_serverless.errors import ProviderRefused

# What acknowledges a message (Pub/Sub, push subscriptions: receive messages).
_SUCCESS = frozenset({102, 200, 201, 202, 204})
_MOST_PER_PULL = 100
# The longest that the emulator lends a message, and how often it is asked for more, in seconds.
LONGEST_LEASE = 600
_RENEWAL = 240.0
_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSetup:
    """A push subscription as it is deployed.

    Attributes:
        path: Its full name.
        target: Path of its endpoint.
        backoff: Shortest and longest delay of a redelivery in seconds; ``None`` is at once.
        dead_letter: Full name of the topic to which it forwards what it gives up on.
        max_deliveries: Deliveries after which it does; ``None`` is never.
        is_ordered: Messages of one ordering key are pushed one after the other.
        filter: Filter on attributes; ``None`` is every message.
        width: How many messages it pushes at a time.
    """

    path: str
    target: str
    backoff: tuple[int, int] | None = None
    dead_letter: str | None = None
    max_deliveries: int | None = None
    is_ordered: bool = False
    filter: str | None = None
    width: int = 1


@dataclass(slots=True, kw_only=True)
class _Delivery:
    """A message on its way to a function; it stays leased from the emulator until that has taken it."""

    message: Mapping[str, Any]
    ack_id: str
    published: datetime
    key: str
    attempt: int = 1

    @property
    def id(self) -> str:
        return str(self.message["messageId"])


class Pusher:
    """Pushes the messages of a subscription, and again if they are not taken.

    Args:
        setup: The subscription.
        pubsub: Where its messages are.
        push: Sends a push to the function.
        platform: Redelivers in time, is told of each message that is being pushed, and takes a line for each that is
            not taken.
    """

    def __init__(self, setup: PushSetup, pubsub: PubSub, push: Callable[[Request], Answer], platform: Platform) -> None:
        self._setup = setup
        self._name = setup.path.rpartition("/")[2]
        self._pubsub = pubsub
        self._push = push
        self._clock = platform.clock
        self._agenda = platform.agenda
        self._activity = platform.activity
        self._log = platform.log
        self._matches = read_filter(setup.filter) if setup.filter is not None else None
        self._lock = Lock()
        self._held: dict[str, _Delivery] = {}
        self._stopping = Event()
        self._workers = ThreadPoolExecutor(max_workers=setup.width, thread_name_prefix=self._name)
        self._threads = [Thread(target=run, daemon=True) for run in (self._pull, self._renew)]

    @property
    def path(self) -> str:
        """Give the full name of the subscription."""
        return self._setup.path

    def count(self) -> int:
        """Give how many messages it holds: those that are being pushed, and those that will be again."""
        with self._lock:
            return len(self._held)

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Push nothing more."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until nothing is being pushed and the emulator, which must have ended, is no longer listened to."""
        self._workers.shutdown()
        for thread in self._threads:
            thread.join()

    def _pull(self) -> None:
        while not self._stopping.is_set():
            try:
                answer = self._pubsub.ask("POST", f"{self._setup.path}:pull", {"maxMessages": _MOST_PER_PULL})
            except (OSError, HTTPException, ProviderRefused) as error:
                if not self._stopping.is_set():
                    self._log(self._name, f"the Pub/Sub emulator is gone: {error}")
                return
            for received in answer.get("receivedMessages", ()):
                self._receive(received["message"], received["ackId"])

    def _renew(self) -> None:
        while not self._stopping.wait(_RENEWAL):
            with self._lock:
                ids = [delivery.ack_id for delivery in self._held.values()]
            if ids:
                self._ask("modifyAckDeadline", {"ackIds": ids, "ackDeadlineSeconds": LONGEST_LEASE})

    def _receive(self, message: Mapping[str, Any], ack_id: str) -> None:
        with self._lock:
            known = self._held.get(message["messageId"])
            if known is not None:
                # The lease was lost for a moment; the message is on its way already.
                known.ack_id = ack_id
                return
        published = self._pubsub.backlog.arrived(self._setup.path, message["messageId"], self._key_of(message))
        delivery = _Delivery(message=message, ack_id=ack_id, published=published, key=self._key_of(message))
        with self._lock:
            self._held[delivery.id] = delivery
            is_first = self._pubsub.backlog.is_first(self._setup.path, delivery.id, delivery.key)
        if is_first:
            self._submit(delivery)
        else:
            # It goes on when the one before it is done.
            self._activity.end(self._setup.path)

    def _key_of(self, message: Mapping[str, Any]) -> str:
        """Give the key whose order counts, if it does on this subscription."""
        return str(message.get("orderingKey", "")) if self._setup.is_ordered else ""

    def _submit(self, delivery: _Delivery) -> None:
        """Have a message pushed, whose activity has begun."""
        if self._stopping.is_set():
            self._activity.end(self._setup.path)
        else:
            self._workers.submit(self._deliver, delivery)

    def _deliver(self, delivery: _Delivery) -> None:
        if self._matches is not None and not self._matches(delivery.message.get("attributes", {})):
            self._finish(delivery)
            return
        answer = self._push(self._request(delivery))
        if self._stopping.is_set():
            self._activity.end(self._setup.path)
            return
        if answer.status in _SUCCESS:
            self._finish(delivery)
            return
        text = answer.body.decode(errors="replace").strip()
        self._log(self._name, f"message {delivery.id}, delivery {delivery.attempt}: {answer.status} {text}")
        if self._setup.dead_letter is not None and delivery.attempt >= (self._setup.max_deliveries or 0):
            self._forward(delivery, self._setup.dead_letter)
            self._finish(delivery)
            return
        due = self._clock.now() + self._delay(delivery.attempt)
        self._agenda.at(due, lambda: self._again(delivery))
        self._activity.end(self._setup.path)

    def _again(self, delivery: _Delivery) -> None:
        self._activity.begin(self._setup.path)
        delivery.attempt += 1
        self._submit(delivery)

    def _delay(self, attempt: int) -> timedelta:
        shortest, longest = self._setup.backoff or (0, 0)
        # The exponent is bounded, because nobody bounds attempts.
        return timedelta(seconds=min(shortest * 2 ** min(attempt - 1, 10), longest))

    def _finish(self, delivery: _Delivery) -> None:
        """Let go of a message, and go on with the next one of its key."""
        self._acknowledge(delivery)
        following = None
        with self._lock:
            del self._held[delivery.id]
            if delivery.key:
                # What has not come yet goes on when it comes.
                following = self._held.get(self._pubsub.backlog.done(self._setup.path, delivery.key) or "")
        if following is not None:
            self._activity.begin(self._setup.path)
            self._submit(following)
        self._activity.end(self._setup.path)

    def _acknowledge(self, delivery: _Delivery) -> None:
        self._ask("acknowledge", {"ackIds": [delivery.ack_id]})

    def _ask(self, verb: str, content: Mapping[str, Any]) -> None:
        try:
            self._pubsub.ask("POST", f"{self._setup.path}:{verb}", content)
        except (OSError, HTTPException, ProviderRefused) as error:
            # It comes again when its lease has ended.
            self._log(self._name, f"{verb} failed: {error}")

    def _forward(self, delivery: _Delivery, topic: str) -> None:
        """Publish a message to the dead letters, as the platform does it when it gives up by itself."""
        project = self._setup.path.split("/")[1]
        source = {
            "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempt),
            "CloudPubSubDeadLetterSourceSubscription": self._name,
            "CloudPubSubDeadLetterSourceSubscriptionProject": project,
            "CloudPubSubDeadLetterSourceTopicPublishTime": _time(delivery.published),
        }
        attributes = {**delivery.message.get("attributes", {}), **source}
        self._pubsub.publish(
            topic, delivery.message.get("data", ""), attributes, key=delivery.message.get("orderingKey", "")
        )

    def _request(self, delivery: _Delivery) -> Request:
        """Make the push of a message, with what the service says of it."""
        message = dict(delivery.message)
        published = _time(delivery.published) if self._clock.is_virtual else message["publishTime"]
        message |= {"publishTime": published, "publish_time": published, "message_id": delivery.id}
        content: dict[str, Any] = {"message": message, "subscription": self._setup.path}
        if self._setup.dead_letter is not None:
            content["deliveryAttempt"] = delivery.attempt
        headers = (("Content-Type", "application/json"), ("User-Agent", _AGENT))
        return Request(method="POST", target=self._setup.target, headers=headers, body=json.dumps(content).encode())


def _time(instant: datetime) -> str:
    """Write an instant as Pub/Sub does, to the millisecond."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
