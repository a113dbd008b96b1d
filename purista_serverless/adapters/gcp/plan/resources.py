"""The resources of a deployment as values, neutral to whoever renders them.

Each has an id, unique in its deployment, by which others refer to it. A ``name`` is that in the project without the
prefix: renderers write ``<prefix>-<name>``.
"""

from dataclasses import dataclass
from json import JSONEncoder
from typing import Any, Literal, TypeAlias

from purista_serverless.adapters.gcp.options import Authorizer, Options
from purista_serverless.model import Origin


class Sub(str):
    """A text in which a renderer replaces ``${project}``, ``${number}``, ``${region}``, ``${prefix}`` and ``${image}``.

    ``${config.<name>}`` and ``${command.<address>}`` stand inside a text of JSON, between its quotes, so that their
    values are written with JSON's escapes.
    """

    __slots__ = ()


Text: TypeAlias = str | Sub

# Members of a grant that are not accounts of ours: Pub/Sub's own agent, and everybody.
PUBSUB_AGENT = "pubsub-agent"
ALL_USERS = "allUsers"
# What a grant is on that is on no resource of ours.
PROJECT = "project"

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
class Api:
    """A service of Google that the project needs: ``pubsub.googleapis.com``."""

    id: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A service account: of one function, or the one that pushes and starts."""

    id: str
    name: str
    display_name: str
    description: str

    @property
    def email(self) -> Sub:
        """Give its address."""
        return Sub(f"${{prefix}}-{self.name}@${{project}}.iam.gserviceaccount.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic.

    Attributes:
        key: What it is found by at run time: the name of an edge (``queue:billing.monthlyClosing``, and the edge's
            own of a subscription or binding, on which it is delivered again), or ``event:<name>``; of a dead letter
            the name of its edge.
        kind: What is published to it.
        largest_body: Bytes of the largest body that is declared for it.
    """

    id: str
    name: str
    key: str
    kind: Literal["event", "queue", "call", "gate", "again", "dead-letter"]
    declared: Declared
    largest_body: int | None = None

    @property
    def path(self) -> Sub:
        """Give its full name."""
        return Sub(f"projects/${{project}}/topics/${{prefix}}-{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Where a subscription pushes to, and as whom.

    Attributes:
        function: Id of the function.
        account: Id of the account that the token is of.
    """

    function: str
    account: str
    endpoint: Sub
    audience: Sub


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription of Pub/Sub, which never expires.

    Attributes:
        topic: Id of the topic.
        edge: Name of the edge that it delivers, or of the dead letter that it keeps.
        kind: ``dead-letter`` ones are pulled by whoever looks after them, ``pull`` ones by a worker pool.
        push: Where to; ``None`` when it is pulled.
        ack_deadline: Seconds, 10 to 600.
        retention: Seconds that a message is kept.
        backoff: Shortest and longest delay in seconds of a redelivery; ``None`` is at once.
        dead_letter: Id of the topic to which the platform forwards what it gives up on.
        max_deliveries: Deliveries after which it does, 5 to 100; a net below the policy of the runtime.
        is_ordered: Messages of one ordering key come in order.
        filter: Filter on attributes; ``None`` is every message.
    """

    id: str
    name: str
    topic: str
    edge: str
    kind: Literal["push", "pull", "dead-letter"]
    push: Push | None
    ack_deadline: int
    retention: int
    backoff: tuple[int, int] | None
    dead_letter: str | None
    max_deliveries: int | None
    is_ordered: bool
    filter: str | None
    declared: Declared

    @property
    def path(self) -> Sub:
        """Give its full name."""
        return Sub(f"projects/${{project}}/subscriptions/${{prefix}}-{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Cloud Run function, started by requests.

    Attributes:
        function: Name in the topology: ``worker:Billing.1.closeCycle``.
        source: File with its code, from the project's root; its entry point is ``handler``.
        runtime: ``python313``.
        timeout: Seconds of one request.
        memory: MiB.
        cpu: Thousandths of a processor.
        concurrency: Requests at one time in one instance.
        environment: Variables at run time, sorted by name.
        build_environment: Variables of the build, sorted by name.
        secrets: Variables into which the platform puts secrets: name, and id of the secret.
        account: Id of the account that it runs as.
        url: Where it answers.
        is_open: Requests reach it without having been checked by the platform.
        route: Method and path of the command's request, if it has one.
        largest_body: Bytes of the largest body that is declared for it.
        longest_push: Seconds that a delivery may take before it is made again; ``None`` where nothing is pushed.
    """

    id: str
    name: str
    function: str
    source: str
    runtime: str
    timeout: int
    memory: int
    cpu: int
    concurrency: int
    min_instances: int
    max_instances: int
    environment: tuple[tuple[str, Text], ...]
    build_environment: tuple[tuple[str, Text], ...]
    secrets: tuple[tuple[str, str], ...]
    account: str
    ingress: Literal["all", "internal", "internal-and-load-balancer"]
    url: Sub
    is_open: bool
    declared: Declared
    route: str | None = None
    largest_body: int | None = None
    longest_push: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPool:
    """Instances that pull a queue whose runs are longer than a push may take.

    Attributes:
        function: Name in the topology.
        image: Image with the application, the same for all.
        arguments: Command line, after the image's entry point.
        memory: MiB.
        cpu: Thousandths of a processor.
        instances: How many run, always.
        environment: Variables, sorted by name.
        secrets: Variables into which the platform puts secrets: name, and id of the secret.
        account: Id of the account that it runs as.
    """

    id: str
    name: str
    function: str
    image: Sub
    arguments: tuple[str, ...]
    memory: int
    cpu: int
    instances: int
    environment: tuple[tuple[str, Text], ...]
    secrets: tuple[tuple[str, str], ...]
    account: str
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What further must be so for a grant to hold."""

    title: str
    expression: Sub


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role of one member on one thing.

    Attributes:
        role: ``roles/pubsub.publisher``.
        member: Id of an account, ``PUBSUB_AGENT`` or ``ALL_USERS``.
        on: Id of a topic, subscription, function, account, tasks queue, secret or bucket, or ``PROJECT``.
    """

    id: str
    role: str
    member: str
    on: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of Cloud Scheduler, which publishes to a topic.

    Attributes:
        schedule: Name of the schedule.
        cron: Five fields.
        timezone: IANA name.
        topic: Id of the topic.
        data: What is published.
        attributes: Attributes of the message, sorted by name.
        is_enabled: Otherwise it is there and paused.
        retries: How often a failed publish is tried again, 0 to 5.
    """

    id: str
    name: str
    schedule: str
    description: str
    cron: str
    timezone: str
    topic: str
    data: str
    attributes: tuple[tuple[str, str], ...]
    is_enabled: bool
    retries: int
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The Firestore database of records, in native mode."""

    id: str
    name: str
    location: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ttl:
    """The field of a collection by whose time the platform deletes documents."""

    id: str
    database: str
    collection: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksQueue:
    """The queue of Cloud Tasks that holds what is delivered later."""

    id: str
    name: str

    @property
    def path(self) -> Sub:
        """Give its full name."""
        return Sub(f"projects/${{project}}/locations/${{region}}/queues/${{prefix}}-{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Bodies that are too large for their edge, each kept for ``days``; its name begins with the project's."""

    id: str
    name: str
    days: int

    @property
    def full_name(self) -> Sub:
        """Give the name that no other bucket of the world has."""
        return Sub(f"${{project}}-${{prefix}}-{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """The container of a secret; its value is the team's to set. ``setting`` is its name in the application."""

    id: str
    name: str
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert on a dead letter: messages in it, or the age of the oldest in seconds.

    ``subscription`` is the id of the dead letter's.
    """

    id: str
    name: str
    subscription: str
    metric: Literal["num_undelivered_messages", "oldest_unacked_message_age"]
    threshold: int
    description: str


Resource: TypeAlias = (
    Api
    | Account
    | Topic
    | Subscription
    | Function
    | WorkerPool
    | Grant
    | Job
    | Database
    | Ttl
    | TasksQueue
    | Bucket
    | Secret
    | Alert
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What whoever deploys gives; without a default it has to be.

    ``name`` is ``project``, ``region``, ``prefix``, ``image``, ``notification_channels``, ``command.<address>`` (the
    URL of another system's command) or ``config.<name>``, which is not set when it is empty.
    """

    name: str
    description: str
    default: str | tuple[str, ...] | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A value that a deployment tells."""

    name: str
    value: Text
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """All that is deployed.

    Attributes:
        application: Name of the application.
        declared: The application itself.
        labels: Labels of all that can have some, sorted by name.
        variables: Sorted by name.
        resources: Sorted by id.
        outputs: Sorted by name.
        apart: Jobs that are not among the resources, since ``schedules apply`` makes them, sorted by id.
        options: How it is deployed.
        authorizer: Who knows the callers of private routes.
        has_authenticate: Whether the application has an ``authenticate``.
        has_cors: Whether pages of other origins may call.
    """

    application: str
    declared: Declared
    labels: tuple[tuple[str, str], ...]
    variables: tuple[Variable, ...]
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...]
    apart: tuple[Job, ...]
    options: Options
    authorizer: Authorizer
    has_authenticate: bool
    has_cors: bool
