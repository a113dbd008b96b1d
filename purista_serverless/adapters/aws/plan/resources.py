"""The resources of a deployment as values. Each has the logical id under which its template holds it."""

from dataclasses import dataclass
from datetime import timedelta
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from purista_serverless.model import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sub(str):
    """A text in which CloudFormation replaces ``${Bus}`` and ``${Queue.Arn}``."""

    __slots__ = ()


Text: TypeAlias = str | Sub

# One encoder for all: `json.dumps` makes another for each text that it writes without spaces.
_ENCODER = JSONEncoder(separators=(",", ":"))


def compact(value: Any) -> str:
    """Write a value as JSON without spaces.

    Example:
        >>> compact({"purista": "slot"})
        '{"purista":"slot"}'
    """
    return _ENCODER.encode(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declaration that a resource is there for."""

    name: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A queue that a function's invocations are made of.

    ``window`` is how many seconds a batch is gathered for; ``concurrency`` bounds the invocations at one time.
    """

    id: str
    edge: str
    queue: Text
    is_fifo: bool
    batch_size: int
    window: int
    concurrency: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function with its version and alias.

    Attributes:
        name: Name in the topology.
        physical_name: Name in the account, without the prefix.
        handler: Where its code is: ``handlers.billing_close_cycle.handler``.
        timeout: Seconds of one invocation.
        longest_run: Seconds of one handler run; ``None`` is whatever the invocation has.
        is_recursive: It can cause its own next invocation, which Lambda would take for a fault: it lies on a circle, or
            sends jobs that came before their time to its own queue.
    """

    id: str
    name: str
    physical_name: str
    handler: str
    timeout: int
    longest_run: int | None
    memory: int | None
    reserved_concurrency: int | None
    environment: tuple[tuple[str, Text], ...]
    sources: tuple[Source, ...]
    role: str
    log_group: str
    is_recursive: bool
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """Where a function's lines go."""

    id: str
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Actions that are allowed on resources.

    ``condition`` is operator, key and values.
    """

    actions: tuple[str, ...]
    resources: tuple[Text, ...]
    condition: tuple[str, str, tuple[str, ...]] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Give the values of the condition."""
        return () if self.condition is None else self.condition[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one function, or one schedule, may do."""

    id: str
    service: Literal["lambda", "scheduler"]
    statements: tuple[Statement, ...]
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The queue of an edge.

    Attributes:
        edge: Name of the edge: ``queue:billing.monthlyClosing``, ``gate:Billing.1.monthly``.
        physical_name: Name in the account, without the prefix.
        visibility: Seconds that a received message is hidden.
        retention: Seconds that a message is kept.
        delay: The longest that a message waits for its time; ``None`` is any time.
        attempts: Attempts of a message that its receives count as; ``None`` where records count its runs.
        dead_letter: Id of the queue to which the platform moves what it gives up on.
        most_receives: Receives after which it does; a net below the policy of the runtime.
    """

    id: str
    edge: str
    physical_name: str
    is_fifo: bool
    visibility: int
    retention: int
    delay: timedelta | None
    attempts: int | None
    dead_letter: str
    most_receives: int
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueue:
    """Where an edge's undeliverable messages stay, for ``retention`` seconds."""

    id: str
    edge: str
    is_fifo: bool
    retention: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """Which rules may send to a queue."""

    id: str
    queue: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm on a dead letter: messages in it, or the age of the oldest in seconds."""

    id: str
    dead_letter: str
    metric: Literal["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"]
    threshold: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTarget:
    """A queue that a rule sends to; ``input`` replaces the event."""

    id: str
    queue: str
    dead_letter: str
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Events that go to queues; without ``bus`` those of AWS itself."""

    id: str
    bus: Text | None
    pattern: "Mapping[str, Any]"
    targets: tuple[RuleTarget, ...]
    description: str
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One expression of a schedule.

    ``put_events`` is the detail type and the source of the event that a bus is sent.
    """

    id: str
    expression: str
    timezone: str
    is_enabled: bool
    target: Text
    role: str
    dead_letter: str
    input: str
    put_events: tuple[str, str] | None
    longest_age: int
    group: Text
    description: str
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleGroup:
    """The group of an application's schedules, which its name tells apart from those of others."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBus:
    """The bus of the application."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The events of the last days, for a replay."""

    id: str
    bus: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The table of records."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Bodies that are too large for their edge; ``days`` is how long each is kept."""

    id: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """The HTTP API, and its one stage."""

    id: str
    stage: str
    cors: "Mapping[str, Any] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """Who checks the tokens of callers."""

    id: str
    api: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route with its integration and the right to invoke its function.

    ``authorization`` is ``NONE``, ``AWS_IAM`` or ``JWT``; ``largest_body`` is the declared one in bytes.
    """

    id: str
    integration: str
    permission: str
    api: Text
    authorizer: Text | None
    method: str
    path: str
    authorization: Literal["NONE", "AWS_IAM", "JWT"]
    function: str
    alias: str
    is_public: bool
    largest_body: int
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedStack:
    """A template that the root deploys."""

    id: str
    location: str
    parameters: tuple[tuple[str, Text], ...]


Resource: TypeAlias = (
    Function
    | LogGroup
    | Role
    | Queue
    | DeadLetterQueue
    | QueuePolicy
    | Alarm
    | Rule
    | Schedule
    | ScheduleGroup
    | EventBus
    | Archive
    | Table
    | Bucket
    | HttpApi
    | Authorizer
    | Route
    | NestedStack
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a template; without a default whoever deploys has to give one."""

    name: str
    description: str
    type: Literal["String", "Number"] = "String"
    default: str | int | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A value that a stack tells."""

    name: str
    value: Text
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One template.

    Attributes:
        name: Empty for the root.
        path: Its file, from the project's root.
        description: First sentence that the console shows.
        parameters: What whoever deploys, or the root, gives.
        resources: All that it holds, sorted by id.
        outputs: What it tells.
    """

    name: str
    path: str
    description: str
    parameters: tuple[Parameter, ...]
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...]
