"""Google's own Pub/Sub emulator as a broker in virtual time: it keeps, counts and forwards; when is decided here.

The emulator's time is this machine's. So nothing is left to its deadlines and policies of retries: it is asked for the
messages that it must have, and told of those that come again at the moment at which the subscription would send them.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.gcp.emulator.servers import Server
from purista_serverless.adapters.gcp.ports.rest import Answer, Rest

# The longest that there is, in seconds of this machine: a test is over before.
_DEADLINE = 600
_HEADERS = {"Content-Type": "application/json"}
_TIMEOUT = 30.0
# How often the emulator is asked for a message that it must have; it needs some milliseconds after a refusal.
_MOST_ASKED = 2_000
_LARGEST_PULL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as the emulator gives it; ``attempt`` is 0 where it does not count."""

    ack_id: str
    message: Mapping[str, Any]
    attempt: int

    @property
    def id(self) -> str:
        """Give its id."""
        return str(self.message["messageId"])


class Broker:
    """The emulator.

    Args:
        server: Where it is.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._rest = Rest()

    def ask(self, method: str, path: str, body: bytes | None) -> Answer:
        """Send a request as it is."""
        return self._rest.ask(method, self._server.url + path, headers=_HEADERS, body=body, timeout=_TIMEOUT)

    def create_topic(self, name: str) -> None:
        """Create a topic, unless it is there."""
        self._put(name, {})

    def create_subscription(
        self, name: str, topic: str, *, dead_letter: str | None, max_deliveries: int | None
    ) -> None:
        """Create a subscription that is pulled, unless it is there.

        None is ordered: the emulator would give the first message of a key only, and after its refusal none at all.
        """
        value: dict[str, Any] = {"topic": topic, "ackDeadlineSeconds": _DEADLINE}
        if dead_letter is not None:
            value["deadLetterPolicy"] = {"deadLetterTopic": dead_letter, "maxDeliveryAttempts": max_deliveries}
        self._put(name, value)

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> Answer:
        """Publish a message."""
        message = {"data": b64encode(data).decode(), "attributes": dict(attributes)}
        return self.ask("POST", f"/v1/{topic}:publish", json.dumps({"messages": [message]}).encode())

    def pull(self, subscription: str, ids: Iterable[str]) -> list[Received]:
        """Receive the messages with these ids, in their order.

        Raises:
            AssertionError: One of them does not come.
        """
        wanted = dict.fromkeys(ids)
        found: dict[str, Received] = {}
        for _ in range(_MOST_ASKED):
            value = {"maxMessages": _LARGEST_PULL, "returnImmediately": True}
            answer = self._post(f"{subscription}:pull", value)
            for raw in answer.get("receivedMessages", ()):
                received = Received(
                    ack_id=raw["ackId"], message=raw["message"], attempt=int(raw.get("deliveryAttempt", 0))
                )
                found[received.id] = received
            if wanted.keys() <= found.keys():
                assert found.keys() == wanted.keys(), f"{subscription} has {found.keys() - wanted.keys()} besides"
                return [found[id] for id in wanted]
        missing = wanted.keys() - found.keys()
        raise AssertionError(f"{subscription} never gave {missing}")

    def acknowledge(self, subscription: str, received: Received) -> None:
        """Have a message forgotten."""
        self._post(f"{subscription}:acknowledge", {"ackIds": [received.ack_id]})

    def refuse(self, subscription: str, received: Received) -> None:
        """Have a message delivered again, or forwarded if that was its last time."""
        self._post(f"{subscription}:modifyAckDeadline", {"ackIds": [received.ack_id], "ackDeadlineSeconds": 0})

    def _put(self, name: str, value: Any) -> None:
        answer = self.ask("PUT", f"/v1/{name}", json.dumps(value).encode())
        assert answer.status in {200, 409}, answer.body

    def _post(self, path: str, value: Any) -> Any:
        answer = self.ask("POST", f"/v1/{path}", json.dumps(value).encode())
        assert answer.status == 200, answer.body
        return answer.json()
