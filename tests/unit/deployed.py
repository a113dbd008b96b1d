"""A function of the shop, bound as its generated file binds it on a cloud, with ports that keep what they are told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from purista_serverless import Application
from purista_serverless.errors import BadEvent
from purista_serverless.runtime.entry import Entry
from purista_serverless.runtime.ports import Clock, Ports
from purista_serverless.testing import doubles
from purista_serverless.testing.clock import VirtualClock
from purista_serverless.topology import Function, topology_of
from tests.unit.aws.shop import Notes, nobody, shop

# Not in the shop's own module: a deployed function imports that one, and no application.
TOPOLOGY = topology_of(Application("shop", [shop], authenticate=nobody).model)
FACTS = ("tracking", "runs", "strict", "recorded", "awaits", "authenticate")
SENT = 1_800_000_000_000


class Claims:
    """Bodies by their keys."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self.bodies = dict(bodies)

    def fetch(self, claim: Mapping[str, Any]) -> bytes:
        """Give a body."""
        key = claim.get("key")
        if not isinstance(key, str) or key not in self.bodies:
            raise BadEvent(f"the body {key!r} is no longer in the bucket of claims")
        return self.bodies[key]


class CloudDoubles(Ports):
    """The doubles of the core's ports, and of those that every cloud has; a cloud's class adds its own."""

    __slots__ = ("claims",)

    def __init__(self, clock: Clock, *, bodies: Mapping[str, bytes] | None = None, **given: Any) -> None:
        made = doubles.ports(clock, **given)
        names = ("events", "queues", "commands", "schedules", "dead_letters", "ledger", "settings", "resources")
        super().__init__(clock=clock, random=made.random, **{name: getattr(made, name) for name in names})
        self.claims = Claims(bodies or {})


class Outcomes:
    """What has come out of a function.

    Args:
        now: The time, in milliseconds since the epoch.
    """

    ports: Any

    def __init__(self, now: int) -> None:
        self.notes = Notes()
        self.clock = VirtualClock(datetime.fromtimestamp(now / 1000, tz=UTC))

    def letters(self) -> Any:
        """Give the dead letters."""
        return self.ports.dead_letters.letters()

    def published(self) -> Any:
        """Give the published events."""
        return self.ports.events.messages


def entry_with(name: str, facts: Mapping[str, Any]) -> Entry:
    """Give the entry of a function by its name in the topology, with facts in place of those that the build found."""
    found = entry_of(TOPOLOGY.function(name))
    return Entry(found.target, found.triggers, {**found.facts, **facts})


def entry_of(function: Function) -> Entry:
    """Give the entry that the generated file of a function makes."""
    facts = {name: value for name in FACTS if (value := getattr(function, name)) and value != "none"}
    if function.run_timeout is not None:
        facts["run_timeout"] = round(function.run_timeout.total_seconds() * 1000)
    triggers = tuple(trigger.name for trigger in function.triggers)
    return Entry(f"{function.module}:{function.attribute}", triggers, facts)
