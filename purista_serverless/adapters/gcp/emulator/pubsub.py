"""The door to the Pub/Sub emulator: requests pass through it, and what is published is noted."""

import base64
import json
import re
import socket
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Condition, Thread
from typing import Any, cast

from purista_serverless.emulation.clock import Clock
from purista_serverless.emulation.door import Door, DoorHandler
from purista_serverless.emulation.forwarding import Answer, Request, forward
from purista_serverless.emulation.platform import Platform
from purista_serverless.errors import ProviderRefused

_PUBLISH = re.compile(r"/v1/(projects/[^/]+/topics/[^/:]+):publish")
# How gRPC begins, which is HTTP/2.
_PREFACE = b"PRI"
_CHUNK = 65_536


class Backlog:
    """What has been published and has not yet come to whoever pushes it, and in which order.

    Args:
        platform: Told of each message; its clock dates what is published by others.
    """

    def __init__(self, platform: Platform) -> None:
        self._clock = platform.clock
        self._activity = platform.activity
        self._changed = Condition()
        self._subscriptions: defaultdict[str, list[str]] = defaultdict(list)
        self._waiting: dict[tuple[str, str], datetime] = {}
        # By subscription and ordering key the ids of what was published and is not done.
        self._lines: defaultdict[tuple[str, str], deque[str]] = defaultdict(deque)
        self._tickets = 0
        self._open: set[int] = set()

    def subscribe(self, topic: str, subscription: str) -> None:
        """Expect the messages of a topic on a subscription."""
        self._subscriptions[topic].append(subscription)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Note that something is being published, whose ids are not known before the block ends."""
        with self._changed:
            self._tickets += 1
            ticket = self._tickets
            self._open.add(ticket)
            self._activity.begin("publish")
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(ticket)
                self._activity.end("publish")
                self._changed.notify_all()

    def published(self, topic: str, keys: Mapping[str, str], at: datetime) -> None:
        """Note what was published, inside of ``publishing``: ids in their order, each with its ordering key."""
        with self._changed:
            for subscription in self._subscriptions[topic]:
                for id, key in keys.items():
                    self._expect(subscription, id, key)
                    self._waiting[subscription, id] = at

    def arrived(self, subscription: str, id: str, key: str) -> datetime:
        """Give when a message was published that has come; its activity is the caller's from now on."""
        with self._changed:
            # It may come before whoever published it knows its id.
            latest = self._tickets
            self._changed.wait_for(
                lambda: (subscription, id) in self._waiting or all(ticket > latest for ticket in self._open)
            )
            if (subscription, id) not in self._waiting:
                # Published past the door, through gRPC.
                self._expect(subscription, id, key)
                return self._clock.now()
            return self._waiting.pop((subscription, id))

    def is_first(self, subscription: str, id: str, key: str) -> bool:
        """Say whether all that was published before a message with its key is done."""
        with self._changed:
            return not key or self._lines[subscription, key][0] == id

    def done(self, subscription: str, key: str) -> str | None:
        """Note that the first message of a key is done; give the next one's id, if there is one."""
        with self._changed:
            line = self._lines[subscription, key]
            line.popleft()
            if line:
                return line[0]
            del self._lines[subscription, key]
            return None

    def counts(self) -> Counter[str]:
        """Give how many messages are on their way to each subscription."""
        with self._changed:
            return Counter(subscription for subscription, _ in self._waiting)

    def _expect(self, subscription: str, id: str, key: str) -> None:
        self._activity.begin(subscription)
        if key:
            self._lines[subscription, key].append(id)


class PubSub(Door):
    """Passes requests on to the Pub/Sub emulator: REST, and gRPC as it is.

    Args:
        host: Where the emulator listens.
        clock: The time.
        backlog: Told what is published.
    """

    def __init__(self, host: str, clock: Clock, backlog: Backlog) -> None:
        super().__init__(handler=_Requests)
        self.emulator = host
        self.backlog = backlog
        self._clock = clock

    def ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """Ask the emulator for something and give its answer.

        Args:
            method: ``PUT``.
            path: Without the version: ``projects/p/topics/t``.
            content: What is sent, as JSON.

        Raises:
            ProviderRefused: It answers with an error.
        """
        body = b"" if content is None else json.dumps(content).encode()
        request = Request(
            method=method, target=f"/v1/{path}", headers=(("Content-Type", "application/json"),), body=body
        )
        answer = forward(self.emulator, request)
        if answer.status != 200:
            text = answer.body.decode(errors="replace")
            raise ProviderRefused(f"the Pub/Sub emulator refused {method} {path} with {answer.status}: {text}")
        return json.loads(answer.body or b"{}")

    def publish(
        self, topic: str, data: str, attributes: Mapping[str, str], *, key: str = "", at: datetime | None = None
    ) -> None:
        """Publish a message.

        Args:
            topic: Full name of the topic.
            data: The message's data, in base64.
            attributes: Its attributes.
            key: Its ordering key, if it has one.
            at: When subscribers are told that it was published; now when omitted.
        """
        message = {"data": data, "attributes": dict(attributes), **({"orderingKey": key} if key else {})}
        with self.backlog.publishing():
            answer = self.ask("POST", f"{topic}:publish", {"messages": [message]})
            self.backlog.published(topic, dict.fromkeys(answer["messageIds"], key), at or self._clock.now())

    def answer(self, request: Request) -> Answer:
        """Give the emulator's answer to a request, and note what it has published."""
        published = _PUBLISH.fullmatch(request.path)
        if published is None:
            return forward(self.emulator, request)
        with self.backlog.publishing():
            at = self._clock.now()
            answer = forward(self.emulator, request)
            if answer.status == 200:
                self.backlog.published(published[1], _keys_of(request, answer), at)
            return answer


def _keys_of(request: Request, answer: Answer) -> dict[str, str]:
    """Give the ids of what a request has published, each with its ordering key."""
    messages = json.loads(request.body)["messages"]
    ids = json.loads(answer.body)["messageIds"]
    return {id: message.get("orderingKey", "") for id, message in zip(ids, messages, strict=True)}


def encoded(text: str) -> str:
    """Give a text as the data of a message."""
    return base64.b64encode(text.encode()).decode()


class _Requests(DoorHandler):
    def handle(self) -> None:
        """Handle a connection: requests one by one, or gRPC until it ends."""
        if self.connection.recv(len(_PREFACE), socket.MSG_PEEK) == _PREFACE:
            _join(self.connection, cast("PubSub", self.server).emulator)
        else:
            super().handle()


def _join(client: socket.socket, host: str) -> None:
    """Let a client and the emulator talk until one of them ends."""
    address, _, port = host.partition(":")
    with socket.create_connection((address, int(port))) as emulator:
        back = Thread(target=_copy, args=(emulator, client), daemon=True)
        back.start()
        _copy(client, emulator)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
