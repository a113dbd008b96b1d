"""One delivery to a host, and what came of it: all that an adapter's entry must be able to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from purista_serverless.application import Application
from purista_serverless.message import Job, Message
from purista_serverless.runtime.ports import DeadLetter

Verdict = Literal["acknowledged", "redelivered", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A message as a platform hands it over; ``receives`` counts its deliveries, this one included."""

    body: bytes
    receives: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is delivered to the function behind an edge.

    Attributes:
        application: What is deployed.
        edge: ``queue:<name>``, ``subscription:<Service>.<version>.<name>``, ``binding:<event>:<queue>`` or
            ``command:<Service>.<version>.<name>``.
        records: The batch; a command takes exactly one.
        resources: What handlers are given, by name.
        config: Configuration values, by name.
        secrets: Secrets, by name.
        unreachable: Calls of ports that fail without acting, ``events.publish`` for instance.
    """

    application: Application
    edge: str
    records: tuple[Record, ...]
    resources: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    unreachable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What the platform was told of one record; ``delay`` in milliseconds belongs to ``redelivered``."""

    verdict: Verdict
    delay: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the host answered, and what left it through the ports.

    Attributes:
        settlements: One per record of an asynchronous edge, in their order.
        response: The response to a command.
        events: Events that were published.
        jobs: Jobs that were sent.
        commands: Commands that were invoked.
        letters: Dead letters that were put away.
    """

    settlements: tuple[Settlement, ...] = ()
    response: Message | None = None
    events: tuple[Message, ...] = ()
    jobs: tuple[Job, ...] = ()
    commands: tuple[Message, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
