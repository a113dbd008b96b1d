"""Deliver one case to a function on Lambda: raw events in, its answer and what its ports were told out."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from purista_serverless.adapters.aws.entry import bind
from purista_serverless.message import Message
from purista_serverless.testing.clock import VirtualClock, to_milliseconds
from purista_serverless.testing.contracts.host import Case, Reply, Settlement
from purista_serverless.testing.contracts.suite import START
from purista_serverless.testing.doubles import MemorySettings
from tests.contracts.hosting_functions import Kept, entry_of
from tests.unit.aws.wire import AwsDoubles, Invocation, batch, bridged, failures, record

# Gives the body and the message group of a record, and may keep bodies by key in the bucket of claims.
Packing = Callable[[str, bytes, int, dict[str, bytes]], tuple[str, str]]


class LambdaHost:
    """A function on Lambda, for one case: its entry, and ports that keep what leaves it.

    Args:
        case: What is delivered.
        triggers: Why the function runs besides what the topology says.
        environment: Its variables.
    """

    def __init__(
        self, case: Case, *, triggers: tuple[str, ...] = (), environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.clock = VirtualClock(START)
        self._kept = Kept(case)
        settings = MemorySettings(case.config, case.secrets)
        self.ports = AwsDoubles(self.clock, settings=settings, resources=case.resources, **self._kept.guarded)
        self._kept.answer(case, self.ports)
        self._is_counted = not case.unreachable
        self._handler = bind(entry_of(case, triggers), environment, self.ports)

    def start(self, event: Any) -> Any:
        """Start the function with a raw event and give its raw answer."""
        return self._handler(event, Invocation(self.clock))

    def settle(self, records: Sequence[Any]) -> tuple[Settlement, ...]:
        """Start the function with a batch and say how each of its records was settled."""
        failed = failures(self.start(batch(*records)))
        visibility = self.ports.visibility
        assert len(visibility.edges) <= 1, "visibilities are changed once, after the last record"
        # SQS counts every receive and is never told which of them were no attempts.
        return tuple(
            Settlement(verdict="acknowledged")
            if found["messageId"] not in failed
            else Settlement(
                verdict="redelivered",
                delay=1000 * visibility.seconds[found["receiptHandle"]],
                counted=self._is_counted,
            )
            for found in records
        )

    def reply(self, *, response: Message | None = None, settlements: tuple[Settlement, ...] = ()) -> Reply:
        """Give what was answered, and what left through the ports."""
        return self._kept.reply(response=response, settlements=settlements)


def deliver(case: Case, packing: Packing) -> Reply:
    """Deliver a command as a direct invocation, and everything else in a batch."""
    host = LambdaHost(case)
    if case.edge.startswith("command:"):
        (given,) = case.records
        return host.reply(response=Message.from_wire(host.start(json.loads(given.body))))
    bucket = host.ports.claims.bodies
    packed = [packing(case.edge, given.body, number, bucket) for number, given in enumerate(case.records)]
    return host.reply(settlements=host.settle(records_of(case, packed)))


def records_of(case: Case, packed: Sequence[tuple[str, str]]) -> list[Any]:
    """Give the records of a batch that was sent just now, from the body and the message group of each."""
    records = [
        record(body, number=number, receives=given.receives, group=group)
        for number, ((body, group), given) in enumerate(zip(packed, case.records, strict=True))
    ]
    for found in records:
        found["attributes"]["SentTimestamp"] = str(to_milliseconds(START))
    return records


def plain(edge: str, body: bytes, _number: int, _bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a job onto its queue as it is, and an event as a rule does."""
    return (bridged(body) if edge.startswith("subscription:") else body.decode()), ""


def grouped(edge: str, body: bytes, number: int, _bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a body onto a FIFO queue, each into a group of its own."""
    return body.decode(), f"group-{number}"


def claimed(edge: str, body: bytes, number: int, bucket: dict[str, bytes]) -> tuple[str, str]:
    """Put a body into the bucket, and a claim to it onto the queue."""
    key = f"{edge}/{number}"
    bucket[key] = body
    claim = {"purista": "claim", "key": key, "size": len(body)}
    return (bridged(claim) if edge.startswith("subscription:") else json.dumps(claim)), ""
