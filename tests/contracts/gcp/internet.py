"""What functions reach over HTTPS: Google's APIs, the metadata server, and each other."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.ports.rest import Answer, Rest
from purista_serverless.adapters.gcp.ports.times import timestamp_of
from purista_serverless.message.times import milliseconds_of
from purista_serverless.runtime.clock import SystemClock
from purista_serverless.testing.clock import VirtualClock
from tests.contracts.gcp.broker import Broker

Published = Callable[[str, tuple[str, ...]], None]
"""Is told the topic and the ids of messages that were published."""

Invoke = Callable[[str, str, bytes], Answer]
"""Takes a host, a path and a body, and gives the answer of the function there."""

_DONE = Answer(200, b"{}")


class Internet(Rest):
    """Routes requests by their host, in place of connections.

    Args:
        clock: The time.
        broker: Pub/Sub.
        records: Firestore.
        published: Is told what was published.
        invoke: Calls a function.
    """

    def __init__(
        self, clock: VirtualClock, broker: Broker, records: Server, published: Published, invoke: Invoke
    ) -> None:
        super().__init__()
        self._clock = clock
        self._broker = broker
        self._records = records
        self._published = published
        self._invoke = invoke
        self._rest = Rest()
        self._objects: dict[str, bytes] = {}
        self._names: set[str] = set()
        self.waiting: dict[str, str] = {}

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout: float
    ) -> Answer:
        """Answer a request."""
        place = urlsplit(url)
        path = place.path + (f"?{place.query}" if place.query else "")
        match place.netloc:
            case "pubsub.googleapis.com":
                return self.pubsub(method, path, body)
            case "firestore.googleapis.com":
                plain = {name: text for name, text in headers.items() if name != "Authorization"}
                return self._rest.ask(method, self._records.url + path, headers=plain, body=body, timeout=timeout)
            case "cloudtasks.googleapis.com":
                return self._create_task(json.loads(body or b"{}")["task"])
            case "storage.googleapis.com":
                return self._store(path, body)
            case "metadata.google.internal":
                return Answer(200, self._token(place.path))
            case host:
                assert headers["Authorization"].startswith("Bearer ")
                return self._invoke(host, place.path, body or b"")

    def pubsub(self, method: str, path: str, body: bytes | None) -> Answer:
        """Answer a request to Pub/Sub, to whom a purge is told in the time of its emulator."""
        if path.endswith(":seek"):
            body = json.dumps({"time": timestamp_of(SystemClock().now())}).encode()
        answer = self._broker.ask(method, path, body)
        if path.endswith(":publish") and answer.status == 200:
            self._published(path.removeprefix("/v1/").removesuffix(":publish"), tuple(answer.json()["messageIds"]))
        return answer

    def _create_task(self, task: Mapping[str, Any]) -> Answer:
        name = task["name"]
        if name in self._names:
            return Answer(409, b'{"error": {"status": "ALREADY_EXISTS"}}')
        request = task["httpRequest"]
        path = urlsplit(request["url"]).path
        self._names.add(name)
        self.waiting[name] = path

        def run() -> None:
            del self.waiting[name]
            answer = self.pubsub("POST", path, b64decode(request["body"]))
            assert answer.status == 200, answer.body

        self._clock.call_at(milliseconds_of(task["scheduleTime"]), run)
        return _DONE

    def _store(self, path: str, body: bytes | None) -> Answer:
        place = urlsplit(path)
        if body is not None:
            key = parse_qs(place.query)["name"][0]
            return _DONE if self._objects.setdefault(key, body) is body else Answer(412, b"{}")
        found = self._objects.get(unquote(place.path.rpartition("/o/")[2]))
        return Answer(404, b"{}") if found is None else Answer(200, found)

    def _token(self, path: str) -> bytes:
        if path.endswith("/token"):
            return json.dumps({"access_token": "t", "expires_in": 3_600}).encode()
        claims = b64encode(json.dumps({"exp": self._clock.now() // 1_000 + 3_600}).encode())
        return b"e30." + claims.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_") + b"."
