"""Feed AWS' codecs with events that no documentation allows, guided by what of their code each one reaches.

An input is a row of decisions: which recorded event, which of its members are replaced, and by what. Only ``BadEvent``
may leave a codec, and only what a batch buries as well may leave what unwraps a body. Run it with::

    python -m tests.fuzz.fuzz_aws_codecs -runs=1000000
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["purista_serverless.adapters.aws", "purista_serverless.message"]):
    from purista_serverless.adapters.aws.codecs import eventbridge, http, scheduler, sqs
    from purista_serverless.adapters.aws.direct import Unwrapper
    from purista_serverless.message import Message, invocation
    from purista_serverless.message.job import Job

from purista_serverless.errors import BadEvent, BoundExceeded, InvalidPayload
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.testing.contracts.suite import START
from tests.fuzz.changes import changed
from tests.unit.aws.wire import AwsDoubles
from tests.unit.deployed import TOPOLOGY, entry_of

EVENTS = sorted((Path(__file__).parents[1] / "events" / "aws").glob("*.json"))
TEXTS = [path.read_text(encoding="utf-8") for path in EVENTS]

# What stands in for a member: values of every type, and the members by which codecs tell events apart.
STRANGERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, float("nan"), "", "x", "7", "\u0661", "\ud800", "9" * 5000, [], {}, [None],
    ["a", 7], {"a": None}, {"purista": "slot"}, {"purista": "claim"}, {"messageType": "command"}, {"claims": []},
    "2027-01-01T00:00:00Z", "2027-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "Shop.1.nightly",
    "aws:sqs", "queue.fifo", "a.lambda-url.b", "{", '{"purista":"slot"}', '{"detail-type":1,"source":2,"detail":3}',
)  # fmt: skip
NAMES = (
    "purista", "slot", "schedule", "event", "key", "detail", "detail-type", "source", "time", "id", "messageType",
    "payload", "version", "http", "authorizer", "jwt", "iam", "lambda", "claims", "cookies", "isBase64Encoded", "body",
    "identity", "queueName", "headers", "createdAt", "maxAttempts", "otp", "sender", "receiver", "timestamp",
)  # fmt: skip


class Nothing:
    """A bucket of claims with nothing in it."""

    def fetch(self, claim: Any) -> bytes:
        """Refuse."""
        raise BadEvent(f"nothing lies at {claim.get('key')!r}")


def unwrappers() -> list[Unwrapper]:
    """Give what unwraps the bodies of a queue, a subscription and a schedule's calls."""
    ports = AwsDoubles(VirtualClock(START))
    nothing: Any = Nothing()
    ports.claims = nothing
    edges = (
        ("queue:shop.packing", "worker:Shop.1.pack"),
        ("subscription:Shop.1.listen", "subscription:Shop.1.listen"),
        ("call:Shop.1.daily", "command:Shop.1.note"),
    )
    return [Unwrapper(edge, entry_of(TOPOLOGY.function(name)).function(), ports) for edge, name in edges]


UNWRAPPERS = unwrappers()
ADDRESS = ("Shop", "1", "note")


def decode(event: Any) -> None:
    """Give an event to every codec that would be asked."""
    if not isinstance(event, dict):
        return
    if "requestContext" in event:
        request = http.decode(event)
        assert isinstance(request.body, bytes)
        assert isinstance(request.header("content-type"), str)
    elif invocation.is_invocation(event):
        assert isinstance(invocation.decode(event, ADDRESS), Message)
    elif "Records" in event:
        for record in sqs.decode(event):
            unwrap(record)


def unwrap(record: sqs.Record) -> None:
    """Have a body unwrapped on every kind of edge, and decoded as its consumer would."""
    consumers: tuple[Callable[[bytes], Any], ...] = (Job.decode, Message.decode, Message.decode)
    for unwrapper, consume in zip(UNWRAPPERS, consumers, strict=True):
        try:
            consume(unwrapper.body(record))
        except (BadEvent, BoundExceeded, InvalidPayload):
            continue


def run(data: bytes) -> None:
    """Try one input."""
    choices = atheris.FuzzedDataProvider(data)
    event = json.loads(TEXTS[choices.ConsumeIntInRange(0, len(TEXTS) - 1)])
    for _ in range(choices.ConsumeIntInRange(1, 3)):
        event = changed(event, choices, STRANGERS, NAMES)
    try:
        decode(event)
        if isinstance(event, dict) and eventbridge.is_event(event):
            eventbridge.decode(event)
        if isinstance(event, dict) and scheduler.is_slot(event):
            scheduler.decode(event)
    except BadEvent:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()
