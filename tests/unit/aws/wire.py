"""What Lambda hands to a function, and ports that keep what comes out of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from purista_serverless import Application
from purista_serverless.adapters.aws.entry import bind
from purista_serverless.errors import BadEvent
from purista_serverless.message.wire import parse_json
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.ports import Clock, Ports
from purista_serverless.testing import doubles
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.topology import Function, topology_of
from tests.unit.aws.shop import Notes, nobody, shop

# Not in the shop's own module: a deployed function imports that one, and no application.
TOPOLOGY = topology_of(Application("shop", [shop], authenticate=nobody).model)
EVENTS = Path(__file__).parents[2] / "events" / "aws"
FACTS = ("tracking", "runs", "strict", "recorded", "awaits", "authenticate")
QUEUE = "jobs-7F3A"
SENT = 1_800_000_000_000


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


class Claims:
    """Bodies by their keys."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self.bodies = dict(bodies)

    def fetch(self, claim: Mapping[str, Any]) -> bytes:
        """Give a body."""
        key = claim.get("key")
        if key not in self.bodies:
            raise BadEvent(f"the body {key!r} is no longer in the bucket of claims")
        return self.bodies[key]


class AwsDoubles(Ports):
    """The doubles of the core's ports, and of those that only AWS has."""

    __slots__ = ("claims", "visibility")

    def __init__(self, clock: Clock, *, bodies: Mapping[str, bytes] | None = None, **given: Any) -> None:
        made = doubles.ports(clock, **given)
        names = ("events", "queues", "commands", "schedules", "dead_letters", "ledger", "settings", "resources")
        super().__init__(clock=clock, random=made.random, **{name: getattr(made, name) for name in names})
        self.claims = Claims(bodies or {})
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


class Deployed:
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
        self.notes = Notes()
        self.clock = VirtualClock(datetime.fromtimestamp(now / 1000, tz=UTC))
        self.ports = ports or AwsDoubles(self.clock, resources={"notes": self.notes}, bodies=bodies)
        found = entry_of(TOPOLOGY.function(name))
        entry = Entry(found.target, found.triggers, {**found.facts, **facts})
        self.handler = bind(entry, environment or {}, self.ports)

    def __call__(self, event: Any, *, remaining: int = 60_000) -> Any:
        """Start the function with an event."""
        return self.handler(event, Invocation(self.clock, remaining))

    def letters(self) -> Any:
        """Give the dead letters."""
        port: Any = self.ports.dead_letters
        return port.letters()

    def published(self) -> Any:
        """Give the published events."""
        port: Any = self.ports.events
        return port.messages


def entry_of(function: Function) -> Entry:
    """Give the entry that the generated file of a function makes."""
    facts = {name: value for name in FACTS if (value := getattr(function, name)) and value != "none"}
    if function.run_timeout is not None:
        facts["run_timeout"] = round(function.run_timeout.total_seconds() * 1000)
    triggers = tuple(trigger.name for trigger in function.triggers)
    return Entry(f"{function.module}:{function.attribute}", triggers, facts)


def load(name: str) -> Any:
    """Read a recorded event."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
