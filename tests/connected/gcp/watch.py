"""What can be seen of an application on Google Cloud: its topics, its records, its dead letters."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from purista_serverless.adapters.gcp import constants
from purista_serverless.emulation.forwarding import Request, forward
from tests.connected.watch import Letter, Watch

_TAP = "tap"
_MOST = 100


class Platform(Protocol):
    """A place with the example in it."""

    def variables(self) -> Iterable[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        ...

    def subscriptions(self) -> Mapping[str, str]:
        """Give the full name of the subscription of each edge's dead letters."""
        ...

    def addresses(self) -> Mapping[str, str]:
        """Give the variables that lead clients to the emulators."""
        ...

    def waiting(self) -> Mapping[str, int]:
        """Give how many messages wait, by where they are."""
        ...


class GcpWatch(Watch):
    """Looks at a project by the REST interfaces of Pub/Sub and Firestore.

    Args:
        platform: Where to look.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform
        environments = list(platform.variables())
        self._project = _one(environments, constants.PROJECT)
        self._database = _one(environments, constants.LEDGER)
        topics = _merged(environments, constants.TOPICS)
        # Every event of the application, also those that only other systems send.
        self._topics = {
            edge.removeprefix(constants.EVENT_EDGE): topic
            for edge, topic in topics.items()
            if edge.startswith(constants.EVENT_EDGE)
        }
        self._taps = {name: self._tap(topic) for name, topic in self._topics.items()}

    def emit(self, name: str, envelope: Mapping[str, Any]) -> None:
        """Publish an event, as another system would."""
        data = base64.b64encode(json.dumps(envelope).encode()).decode()
        self._pubsub("POST", f"{self._topics[name]}:publish", {"messages": [{"data": data}]})

    def records(self, partition: str) -> dict[str, Mapping[str, Any]]:
        """Give the fields of all records of a partition."""
        documents = (self._fields(document) for document in self._documents())
        prefix = f"{partition}/"
        return {key.removeprefix(prefix): fields for key, fields in documents if key.startswith(prefix)}

    def letters(self, edge: str) -> list[Letter]:
        """Give the dead letters of an edge, without taking them."""
        return [
            Letter(body=json.loads(base64.b64decode(message["data"])), attributes=message["attributes"])
            for message in self._look(self._platform.subscriptions()[edge])
        ]

    def waiting(self) -> Mapping[str, int]:
        """Give how many messages are on their way to a function or held by a task."""
        return {place: count for place, count in self._platform.waiting().items() if "gate~" not in place}

    def buried(self) -> Mapping[str, int]:
        """Give how many dead letters each edge has."""
        return +Counter({edge: len(self._look(path)) for edge, path in self._platform.subscriptions().items()})

    def listen(self) -> None:
        """Note the events that have come."""
        for name, tap in self._taps.items():
            answer = self._pubsub("POST", f"{tap}:pull", {"maxMessages": _MOST, "returnImmediately": True})
            for received in answer.get("receivedMessages", ()):
                self.events.append((name, json.loads(base64.b64decode(received["message"]["data"]))))
                self._pubsub("POST", f"{tap}:acknowledge", {"ackIds": [received["ackId"]]})

    def _look(self, subscription: str) -> list[Mapping[str, Any]]:
        """Give the messages of a subscription, and give them back at once."""
        answer = self._pubsub("POST", f"{subscription}:pull", {"maxMessages": _MOST, "returnImmediately": True})
        found = answer.get("receivedMessages", ())
        if found:
            ids = [received["ackId"] for received in found]
            self._pubsub("POST", f"{subscription}:modifyAckDeadline", {"ackIds": ids, "ackDeadlineSeconds": 0})
        return [received["message"] for received in found]

    def _tap(self, topic: str) -> str:
        path = f"projects/{self._project}/subscriptions/{_TAP}-{topic.rpartition('/')[2]}"
        self._pubsub("DELETE", path, None, is_asked_only=True)
        self._pubsub("PUT", path, {"topic": topic})
        return path

    def _documents(self) -> Iterator[Mapping[str, Any]]:
        parent = f"projects/{self._project}/databases/{quote(self._database)}/documents"
        answer = self._ask("FIRESTORE_EMULATOR_HOST", "GET", f"{parent}/records?pageSize=300", None)
        yield from answer.get("documents", ())

    def _fields(self, document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        fields = document["fields"]
        return fields["key"]["stringValue"], json.loads(fields["fields"]["stringValue"])

    def _pubsub(self, method: str, path: str, content: Mapping[str, Any] | None, *, is_asked_only: bool = False) -> Any:
        return self._ask("PUBSUB_EMULATOR_HOST", method, path, content, is_asked_only=is_asked_only)

    def _ask(
        self, host: str, method: str, path: str, content: Mapping[str, Any] | None, *, is_asked_only: bool = False
    ) -> Any:
        body = b"" if content is None else json.dumps(content).encode()
        headers = (("Content-Type", "application/json"),)
        request = Request(method=method, target=f"/v1/{path}", headers=headers, body=body)
        answer = forward(self._platform.addresses()[host], request)
        assert is_asked_only or answer.status == 200, (method, path, answer)
        return json.loads(answer.body or b"{}")


def _merged(environments: Iterable[Mapping[str, str]], variable: str) -> dict[str, str]:
    return {
        name: value
        for environment in environments
        for name, value in json.loads(environment.get(variable, "{}")).items()
    }


def _one(environments: Iterable[Mapping[str, str]], variable: str) -> str:
    (value,) = {environment[variable] for environment in environments if variable in environment}
    return value
