"""Events to EventBridge."""

import time
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import EVENT_BUS, SOURCE_PREFIX
from purista_serverless.adapters.aws.ports.claim_check import S3ClaimCheck
from purista_serverless.adapters.aws.ports.failures import call, failure_of
from purista_serverless.adapters.aws.ports.sqs import BODY_BUDGET, legal_body
from purista_serverless.errors import Unavailable
from purista_serverless.message.wire import format_json
from purista_serverless.naming import slug
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from purista_serverless.adapters.aws.ports.deployment import Deployment
    from purista_serverless.message import Message

_PUT = Use("events:PutEvents", "declare can_emit=[...] on the handler")

# Of one request (PutEvents, API reference). The size has to stay below.
_MAX_ENTRIES = 10
_MAX_REQUEST = 1_048_576

# How often entries are sent again that EventBridge throttled within a request that it accepted.
_TRIES = 4
_FIRST_PAUSE = 0.05


class EventBridgeEvents:
    """An ``EventPort``: the envelope is the detail, so that rules can match its fields.

    Args:
        deployment: Where to.
        pause: Waits a number of seconds, before entries are sent again.
    """

    __slots__ = ("_claims", "_deployment", "_pause")

    def __init__(self, deployment: "Deployment", pause: "Callable[[float], None]" = time.sleep) -> None:
        self._deployment = deployment
        self._claims = S3ClaimCheck(deployment)
        self._pause = pause

    def publish(self, message: "Message") -> None:
        """Hand an event to the bus.

        Raises:
            TooLarge: It is more than the bus carries, and there is no claim check.
            Unavailable: The bus could not be reached, or took too much to do at once.
            UndeclaredUse: The function was deployed without the permission to emit it.
            ProviderRefused: The bus refused it.
        """
        self.publish_all((message,))

    def publish_all(self, messages: "Iterable[Message]") -> None:
        """Hand several events to the bus in few requests; what raised may have happened for some of them.

        Raises:
            TooLarge, Unavailable, UndeclaredUse, ProviderRefused: As ``publish`` does.
        """
        for chunk in _chunks(self._entry(message) for message in messages):
            self._put(chunk)

    def _entry(self, message: "Message") -> dict[str, str]:
        name = message.event_name or message.message_type
        return {
            "EventBusName": self._deployment.name(EVENT_BUS, _PUT, name),
            "Source": SOURCE_PREFIX + (slug(message.sender.service) if message.sender is not None else "client"),
            "DetailType": name,
            "Detail": self._detail(name, message).decode(),
        }

    def _detail(self, name: str, message: "Message") -> bytes:
        body = legal_body(message.encode())
        if len(body) <= BODY_BUDGET:
            return body
        claim = self._claims.keep(name, message.id, message.generation, body, BODY_BUDGET)
        # What rules match stays beside the claim.
        wire = message.replace(payload=None, parameter=None).to_wire()
        del wire["payload"]
        return legal_body(format_json({**wire, **claim}))

    def _put(self, entries: list[dict[str, str]]) -> None:
        bus, put = entries[0]["EventBusName"], self._deployment.client("events").put_events
        for turn in range(_TRIES):
            if turn:
                self._pause(_FIRST_PAUSE * 2**turn)
            answer = call(put, _PUT, bus, Entries=entries)
            entries = [entry for entry, result in _failures(entries, answer) if _is_passing(result, bus)]
            if not entries:
                return
        raise Unavailable(f"{_PUT.action} on {bus} was throttled {_TRIES} times for {len(entries)} events")


def _failures(entries: list[dict[str, str]], answer: Any) -> "Iterator[tuple[dict[str, str], Any]]":
    """Give the entries that were not accepted; the request as a whole was."""
    results = zip(entries, answer["Entries"], strict=True)
    return ((entry, result) for entry, result in results if result.get("ErrorCode"))


def _is_passing(result: Any, bus: str) -> bool:
    """Say yes to a failure that passes; raise any other."""
    error = {"Code": result["ErrorCode"], "Message": result.get("ErrorMessage", "")}
    failure = failure_of({"Error": error}, _PUT, bus)
    if isinstance(failure, Unavailable):
        return True
    raise failure


def _chunks(entries: "Iterable[dict[str, str]]") -> "Iterator[list[dict[str, str]]]":
    """Put entries together as long as one request holds them."""
    chunk: list[dict[str, str]] = []
    total = 0
    for entry in entries:
        size = _size_of(entry)
        if chunk and (len(chunk) == _MAX_ENTRIES or total + size >= _MAX_REQUEST):
            yield chunk
            chunk, total = [], 0
        chunk.append(entry)
        total += size
    if chunk:
        yield chunk


def _size_of(entry: dict[str, str]) -> int:
    """Give the size as EventBridge counts it (user guide, calculating the entry size)."""
    return sum(len(entry[member].encode()) for member in ("Source", "DetailType", "Detail"))
