"""The immutable application: what was declared, with every default resolved.

Builders record what the user wrote; ``Application`` compiles that into these values, and everything at build time
(topology, check, plans, exports) and every runtime that hosts a whole application reads nothing else. A deployed
function does not import this module.

Names are the wire's: a service is addressed as ``(name, version)``, a command as ``(service, version, name)``, events
and queues by their own names, which are unique in an application.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.schedule import DstPolicy, Expression

ConcurrencyPolicy = Literal["allow", "forbid", "replace"]
MissedRunPolicy = Literal["skip", "runOnce", "catchUp"]
Tracking = Literal["none", "terminal", "full"]
IdempotencyMode = Literal["advisory", "strict"]
ResultDelivery = Literal["best-effort", "required"]
HttpMode = Literal["sync", "async"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a declaration stands in the user's source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A thing inside a service: ``Billing v1 > closeAccount``."""

    service: str
    version: str
    name: str

    def __str__(self) -> str:
        return f"{self.service} v{self.version} > {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something a handler is given by name: a client, a pool, a gateway.

    ``replaced_by`` names the factory that the application gives in place of the service's own: ``module:function``,
    an empty text if it has no such name, ``None`` if the service's own counts.
    """

    name: str
    type: Any
    factory: Callable[[], Any] | None
    origin: Origin
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A configuration value or a secret that a handler may read."""

    name: str
    kind: Literal["config", "secret"]
    type: Any
    default: Any
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """The function behind a command, subscription or worker, and all it may use."""

    module: str
    name: str
    function: Callable[..., Any]
    is_async: bool
    takes_parameter: bool
    origin: Origin
    can_emit: tuple[str, ...] = ()
    can_enqueue: tuple[str, ...] = ()
    can_invoke: tuple[Address, ...] = ()
    resources: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    before: tuple[Callable[..., Any], ...] = ()
    after: tuple[Callable[..., Any], ...] = ()
    transform_input: Callable[..., Any] | None = None
    transform_output: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Delay before attempt n+1: ``initial * multiplier ** (n-1)``, capped, then spread by ``jitter``."""

    initial: timedelta = timedelta(seconds=1)
    maximum: timedelta = timedelta(seconds=120)
    multiplier: float = 2.0
    jitter: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long a delivery is leased and how often it is tried. Defaults are upstream's."""

    visibility: timedelta = timedelta(minutes=15)
    heartbeat: timedelta = timedelta(minutes=5)
    max_extensions: int = 3
    max_attempts: int = 10
    window: timedelta = timedelta(hours=24)
    backoff: Backoff = field(default_factory=Backoff)
    poison_threshold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Exposure of a command over HTTP; ``path`` has ``{name}`` placeholders filled from the parameter."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    public: bool = False
    mode: HttpMode = "sync"
    status: int | None = None
    tags: tuple[str, ...] = ()
    summary: str = ""
    max_body: int = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Which web pages of other origins may call; what is not named stays forbidden to them."""

    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    credentials: bool = False
    max_age: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event and who owns its contract; ``external`` ones belong to another system."""

    name: str
    payload: Any
    owner: str | None
    origin: Origin
    description: str = ""
    version: str | None = None
    deprecated: str | None = None
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: asked for, answered."""

    address: Address
    payload: Any
    result: Any
    parameter: Any
    origin: Origin
    handler: Handler | None
    description: str = ""
    http: Http | None = None
    success_event: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    deprecated: str | None = None
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a subscription listens to; every given field must match exactly (upstream's rule)."""

    event: str | None = None
    message_type: str | None = None
    sender_service: str | None = None
    sender_version: str | None = None
    sender_target: str | None = None
    sender_instance: str | None = None
    receiver_service: str | None = None
    receiver_version: str | None = None
    receiver_target: str | None = None
    receiver_instance: str | None = None
    tenant_id: str | None = None
    principal_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A handler run for each matching message, with a queue's lifecycle and a dead letter of its own."""

    address: Address
    filter: Filter
    payload: Any
    handler: Handler
    lifecycle: Lifecycle
    origin: Origin
    description: str = ""
    deprecated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPolicy:
    """Which events tell how a job ended. ``None`` means that the status is not told by an event."""

    payload: Any
    completed: str | None = None
    failed: str | None = None
    cancelled: str | None = None
    dead_lettered: str | None = None
    delivery: ResultDelivery = "best-effort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of jobs with its bounds and promises."""

    name: str
    payload: Any
    parameter: Any
    owner: Address
    lifecycle: Lifecycle
    tracking: Tracking
    tracking_reasons: tuple[str, ...]
    idempotency: IdempotencyMode
    origin: Origin
    description: str = ""
    max_runtime: timedelta | None = None
    results: ResultPolicy | None = None
    ordering_key: Callable[[Any], str] | str | None = None
    priorities: int = 1
    max_delay: timedelta | None = None
    max_payload: int | None = None
    dead_letter_retention: timedelta = timedelta(days=14)
    deprecated: str | None = None
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The handler of a queue's jobs."""

    address: Address
    queue: str
    handler: Handler
    batch_size: int
    concurrency: int | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An event that becomes a job, without a handler of its own."""

    address: Address
    event: str
    queue: str
    origin: Origin
    lifecycle: Lifecycle
    map_payload: Callable[[Any], Any] | None = None
    map_parameter: Callable[[Any], Any] | None = None
    accepts: Callable[[Any], bool] | None = None
    idempotency_mode: IdempotencyMode = "advisory"
    idempotency_key: Callable[[Any], str | None] | str | None = "messageId"
    sender_service: str | None = None
    sender_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTarget:
    """The schedule emits an event."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTarget:
    """The schedule enqueues a job."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTarget:
    """The schedule invokes a command."""

    command: Address


Target = EventTarget | QueueTarget | CommandTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When something starts, and what happens to runs that overlap or were missed."""

    address: Address
    target: Target
    expression: Expression
    timezone: str
    dst: DstPolicy
    origin: Origin
    lifecycle: Lifecycle
    run_timeout: timedelta
    description: str = ""
    concurrency: ConcurrencyPolicy = "allow"
    missed_runs: MissedRunPolicy = "skip"
    max_catch_up_count: int = 10
    max_lateness: timedelta = timedelta(minutes=5)
    jitter: timedelta | None = None
    idempotency_key: Callable[[Any], str | None] | str | None = None
    payload: Any = None
    parameter: Any = None
    enabled: bool = True
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Give the unique name of the schedule in its application: ``Billing.1.monthlyCycle``."""
        return f"{self.address.service}.{self.address.version}.{self.address.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: a name, a version and the people who own it.

    ``module`` and ``attribute`` say where its builder is found: generated handlers of bindings and schedules, which
    have no function of their own, import it from there.
    """

    name: str
    version: str
    origin: Origin
    module: str = ""
    attribute: str = ""
    description: str = ""
    owner: str | None = None
    contact: str | None = None
    deprecated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """All declarations of an application, each tuple sorted by name.

    ``authenticate_path`` says where ``authenticate`` is found (``module:name``), empty if it has no such name.
    """

    name: str
    origin: Origin
    services: tuple[Service, ...] = ()
    commands: tuple[Command, ...] = ()
    events: tuple[Event, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    queues: tuple[Queue, ...] = ()
    workers: tuple[Worker, ...] = ()
    bindings: tuple[Binding, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    resources: tuple[Resource, ...] = ()
    settings: tuple[Setting, ...] = ()
    handler_modules: tuple[str, ...] = ()
    authenticate: Callable[..., Any] | None = None
    authenticate_path: str | None = None
    cors: Cors | None = None
