"""What Lambda hands to a function, and ports that keep what comes out of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from purista_serverless.adapters.aws.entry import bind
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.ports import Clock
from tests.unit.deployed import SENT, CloudDoubles, Outcomes, entry_with

EVENTS = Path(__file__).parents[2] / "events" / "aws"
QUEUE = "jobs-7F3A"


class Invocation:
    """Lambda's context: an invocation that ends at a time of the clock."""

    def __init__(self, clock: Clock, remaining: int = 60_000) -> None:
        self._clock = clock
        self._ends = clock.now() + remaining

    def get_remaining_time_in_millis(self) -> int:
        """Give the time that is left."""
        return self._ends - self._clock.now()


class Postponed:
    """Keeps which messages were postponed, in seconds by receipt handle; ``calls`` counts how often anybody asked."""

    def __init__(self) -> None:
        self.seconds: dict[str, int] = {}
        self.edges: list[str] = []

    def postpone(self, edge: str, changes: Sequence[tuple[str, int]]) -> None:
        """Keep the changes of one call."""
        self.edges.append(edge)
        self.seconds.update(changes)


class AwsDoubles(CloudDoubles):
    """The doubles of the core's ports, and of those that only AWS has."""

    __slots__ = ("visibility",)

    def __init__(self, clock: Clock, *, bodies: Mapping[str, bytes] | None = None, **given: Any) -> None:
        super().__init__(clock, bodies=bodies, **given)
        self.visibility = Postponed()

    def wrap(self, name: str, wrapper: Callable[[Any], Any]) -> None:
        """Wrap a port, which is there already."""
        setattr(self, name, wrapper(getattr(self, name)))


def record(body: str | bytes, *, number: int = 0, receives: int = 1, queue: str = QUEUE, group: str = "") -> Any:
    """Give a record of a batch, as Lambda writes it."""
    attributes = {
        "ApproximateReceiveCount": str(receives),
        "SentTimestamp": str(SENT),
        "SenderId": "AROAEXAMPLE:sender",
        "ApproximateFirstReceiveTimestamp": str(SENT + 5),
    }
    if group:
        attributes |= {"SequenceNumber": "188", "MessageGroupId": group, "MessageDeduplicationId": f"{number}:0"}
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"handle-{number}",
        "body": body.decode() if isinstance(body, bytes) else body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}{'.fifo' if group else ''}",
        "awsRegion": "eu-central-1",
    }


def batch(*records: Any) -> Any:
    """Give a batch."""
    return {"Records": list(records)}


def bridged(detail: Any, *, name: str = "contract.happened", source: str = "purista.shop") -> str:
    """Give an event of EventBridge around a detail, as a rule puts it onto a queue."""
    return json.dumps(
        {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": name,
            "source": source,
            "account": "123456789012",
            "time": "2027-01-15T08:00:00Z",
            "region": "eu-central-1",
            "resources": [],
            "detail": parse_json(detail) if isinstance(detail, str | bytes) else detail,
        }
    )


def failures(answer: Any) -> list[str]:
    """Give the ids of the records that come again."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


class Deployed(Outcomes):
    """A function of the shop, bound as its generated file binds it, with ports that keep what they are told.

    Args:
        name: Name of the function in the topology.
        now: The time, in milliseconds since the epoch.
        environment: Its variables.
        bodies: What lies in the bucket of claims, by key.
        ports: The ways out; doubles of its own when omitted.
        facts: Facts in place of those that the build found.
    """

    def __init__(
        self,
        name: str,
        *,
        now: int = SENT + 1000,
        environment: Mapping[str, str] | None = None,
        bodies: Mapping[str, bytes] | None = None,
        ports: AwsDoubles | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(now)
        self.ports: AwsDoubles = ports or AwsDoubles(self.clock, resources={"notes": self.notes}, bodies=bodies)
        self.handler = bind(entry_with(name, facts), environment or {}, self.ports)

    def __call__(self, event: Any, *, remaining: int = 60_000) -> Any:
        """Start the function with an event."""
        return self.handler(event, Invocation(self.clock, remaining))


def load(name: str) -> Any:
    """Read a recorded event."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
