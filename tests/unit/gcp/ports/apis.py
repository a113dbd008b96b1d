"""Google's APIs on this machine: they answer as a test tells them, and remember what they were asked."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.gcp.ports import GcpPorts
from purista_serverless.emulation.loopback import LoopbackHandler, LoopbackServer

TOPIC = "projects/p/topics/closing"
VARIABLES: dict[str, Any] = {
    "PURISTA_PROJECT": "p",
    "PURISTA_TOPICS": {
        "queue:billing.closing": TOPIC,
        "event:billing.closed": "projects/p/topics/closed",
        "event:billing.opened": "projects/p/topics/opened",
        "call:nightly": "projects/p/topics/call",
        "gate:nightly": "projects/p/topics/gate",
    },
    "PURISTA_DEAD_LETTERS": {"queue:billing.closing": "projects/p/topics/dead"},
    "PURISTA_TASKS": "projects/p/locations/l/queues/later",
    "PURISTA_ACCOUNT": "closing@p.iam.gserviceaccount.com",
    "PURISTA_LEDGER": "shop",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Give the body as a JSON value."""
        return json.loads(self.body)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Give the messages of a request that publishes, each with its data as it was sent."""
        return messages_of(self.json)


def messages_of(request: Any) -> list[dict[str, Any]]:
    """Give the messages of a request that publishes, each with its data as it was sent."""
    return [{**message, "data": b64decode(message["data"])} for message in request["messages"]]


def failure(status: int, name: str, message: str = "so it is") -> tuple[int, Any]:
    """Give an answer as Google's APIs tell of an error."""
    return status, {"error": {"code": status, "status": name, "message": message}}


class Apis:
    """A server that stands in for all of them.

    Attributes:
        asked: The requests, in their order.
        answers: What comes next: a status and a JSON value, bytes, or ``None`` to hang up; success when there is none.
        pauses: Seconds that ports waited before they asked again.
    """

    def __init__(self, server: LoopbackServer) -> None:
        self.url = server.url
        self.asked: list[Asked] = []
        self.answers: list[tuple[int, Any] | None] = []
        self.pauses: list[float] = []

    @property
    def host(self) -> str:
        """Give address and port."""
        return self.url.removeprefix("http://")

    def ports(self, environment: dict[str, Any] | None = None, **options: Any) -> GcpPorts:
        """Give ports onto this server; values of the environment that are no texts are written as JSON."""
        apis = ("PUBSUB", "FIRESTORE", "STORAGE", "CLOUD_TASKS")
        values = {**VARIABLES, **{f"{api}_EMULATOR_HOST": self.host for api in apis}, **(environment or {})}
        variables = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        return GcpPorts(variables, **{"pause": self.pauses.append, **options})


@contextmanager
def apis_server() -> Iterator[Apis]:
    """Start a server; it is gone afterwards."""

    class Handler(LoopbackHandler):
        def do_POST(self) -> None:  # noqa: N802 - the standard library's name
            body = self.body()
            apis.asked.append(Asked(method=self.command, path=self.path, headers=dict(self.headers), body=body))
            answer = apis.answers.pop(0) if apis.answers else (200, {})
            if answer is None:
                self.close_connection = True
                return
            status, value = answer
            self.answer(status, value if isinstance(value, bytes) else json.dumps(value).encode())

        do_GET = do_POST  # noqa: N815 - the standard library's name

    server = LoopbackServer(Handler)
    apis = Apis(server)
    server.start()
    try:
        yield apis
    finally:
        server.stop()
