"""What an adapter says about itself and its provider: data only, light enough for a cold start.

``Capabilities`` describes the provider, with one ``Limit`` per figure that its documentation gives. What the adapter
adds to it is named in ``Adapter.emulations``. The honour matrix of a build is made of nothing else.

Example:
    >>> from datetime import timedelta
    >>> queueing = Capabilities(limits=(Limit("delay", 900, "s", edge="queue", source="Acme Queue, quotas"),))
    >>> queueing.max_delay == timedelta(minutes=15)
    True
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Any, Literal, TypeAlias

    from purista_serverless.schedule.expressions import DstPolicy

    EdgeKind: TypeAlias = Literal["http", "command", "event", "queue", "schedule"]
    DirectKind: TypeAlias = Literal["binding", "schedule"]
    ScheduleKind: TypeAlias = Literal["cron", "interval", "oneShot"]
    LimitName: TypeAlias = Literal[
        "backoff",
        "batch",
        "deadLetterRetention",
        "delay",
        "deliveries",
        "jitter",
        "lease",
        "leaseTotal",
        "name",
        "payload",
        "priorities",
        "resources",
        "retention",
        "runtime",
    ]
    Unit: TypeAlias = Literal["s", "B", "characters", "count"]

EDGE_KINDS: "tuple[EdgeKind, ...]" = ("http", "command", "event", "queue", "schedule")


class Limit:
    """One figure that a provider's documentation gives.

    Args:
        name: What is limited. ``lease`` is the longest single lease, ``leaseTotal`` the longest with all extensions,
            ``backoff`` the longest delay of a redelivery, ``deliveries`` the highest receive count before the provider
            itself gives up, ``resources`` the number in one stack.
        value: The figure.
        unit: Seconds, bytes, characters or a count.
        edge: The kind of edge that it holds for; ``None`` is every kind.
        source: Title of the public documentation that gives it.
    """

    __slots__ = ("edge", "name", "source", "unit", "value")
    name: "LimitName"
    value: int
    unit: "Unit"
    edge: "EdgeKind | None"
    source: str

    def __init__(
        self, name: "LimitName", value: int, unit: "Unit", *, source: str, edge: "EdgeKind | None" = None
    ) -> None:
        self.name = name
        self.value = value
        self.unit = unit
        self.edge = edge
        self.source = source

    def __repr__(self) -> str:
        return f"Limit({self.name!r}, {self.value}, {self.unit!r}, edge={self.edge!r}, source={self.source!r})"


class Capabilities:
    """What a provider can do, before any adapter of ours adds to it. The defaults are a provider without limits.

    Args:
        triggers: Kinds of edge that it can start a function from.
        direct: What it can turn into its target without a function: a ``binding``'s events, a ``schedule``'s slots.
        attempts: Whether its receive counts are ``exact``.
        backoff: Whether a failed delivery comes again after an ``exact`` time, or after one of the provider's own.
        delays_apart: What is delayed waits outside of the queue, and is no older than others when it comes.
        lease_extension: A delivery's lease can be made longer while it runs.
        ordering: Messages of one key are delivered in order.
        partial_batches: One failing record does not fail its batch.
        dead_letters: It keeps what it gives up on.
        schedule_kinds: Kinds of expression that its clock takes.
        dialect: Name of its clock's cron dialect; ``None`` when it fires our expressions themselves.
        clock_source: Title of the public documentation of its clock.
        dst: What its clock does with skipped and repeated local times; ``None`` when it does as declared.
        slots: Its clock tells the slot that it fires for.
        time_zones: Its clock takes IANA time zones.
        overlap: Overlap policies that its clock keeps.
        missed_runs: Missed-run policies that its clock keeps.
        conditional_store: It has a record store with conditional writes, as the ledger needs.
        http_authorizer: It can authenticate callers before a function runs.
        limits: Its figures.
    """

    __slots__ = (
        "attempts",
        "backoff",
        "clock_source",
        "conditional_store",
        "dead_letters",
        "delays_apart",
        "dialect",
        "direct",
        "dst",
        "http_authorizer",
        "lease_extension",
        "limits",
        "missed_runs",
        "ordering",
        "overlap",
        "partial_batches",
        "schedule_kinds",
        "slots",
        "time_zones",
        "triggers",
    )

    def __init__(
        self,
        *,
        triggers: "tuple[EdgeKind, ...]" = EDGE_KINDS,
        direct: "tuple[DirectKind, ...]" = ("binding", "schedule"),
        attempts: "Literal['exact', 'approximate']" = "exact",
        backoff: "Literal['exact', 'approximate']" = "exact",
        delays_apart: bool = False,
        lease_extension: bool = True,
        ordering: bool = True,
        partial_batches: bool = True,
        dead_letters: bool = True,
        schedule_kinds: "tuple[ScheduleKind, ...]" = ("cron", "interval", "oneShot"),
        dialect: str | None = None,
        clock_source: str | None = None,
        dst: "DstPolicy | None" = None,
        slots: bool = True,
        time_zones: bool = True,
        overlap: "tuple[Literal['forbid', 'replace'], ...]" = (),
        missed_runs: "tuple[Literal['skip', 'runOnce', 'catchUp'], ...]" = (),
        conditional_store: bool = True,
        http_authorizer: bool = True,
        limits: tuple[Limit, ...] = (),
    ) -> None:
        self.triggers = triggers
        self.direct = direct
        self.attempts = attempts
        self.backoff = backoff
        self.delays_apart = delays_apart
        self.lease_extension = lease_extension
        self.ordering = ordering
        self.partial_batches = partial_batches
        self.dead_letters = dead_letters
        self.schedule_kinds = schedule_kinds
        self.dialect = dialect
        self.clock_source = clock_source
        self.dst = dst
        self.slots = slots
        self.time_zones = time_zones
        self.overlap = overlap
        self.missed_runs = missed_runs
        self.conditional_store = conditional_store
        self.http_authorizer = http_authorizer
        self.limits = limits

    def limit(self, name: "LimitName", edge: "EdgeKind | None" = None) -> Limit | None:
        """Give the limit of that name for a kind of edge; ``None`` when the provider has none."""
        for row in self.limits:
            if row.name == name and row.edge in {edge, None}:
                return row
        return None

    @property
    def max_delay(self) -> "timedelta | None":
        """Give the longest delay of one job; ``None`` is unlimited, zero is no delay at all."""
        return self._time("delay", "queue")

    @property
    def max_lease(self) -> "timedelta | None":
        """Give the longest time that a job may be held, with every extension; ``None`` is unlimited."""
        return self._time("leaseTotal", "queue")

    def max_payload(self, edge: "EdgeKind") -> int | None:
        """Give the largest message of a kind of edge in bytes; ``None`` is unlimited."""
        row = self.limit("payload", edge)
        return None if row is None else row.value

    def max_runtime(self, edge: "EdgeKind") -> "timedelta | None":
        """Give the longest run of a function that a kind of edge starts; ``None`` is unlimited."""
        return self._time("runtime", edge)

    def _time(self, name: "LimitName", edge: "EdgeKind") -> "timedelta | None":
        row = self.limit(name, edge)
        if row is None:
            return None
        from datetime import timedelta

        return timedelta(seconds=row.value)


class Adapter:
    """The descriptor of an adapter: its provider's capabilities and where its parts are found.

    Parts are named as text and loaded when they are needed, so that a cold start never meets the build half.

    Args:
        name: Name in the registry, and of the folder of its plans.
        extra: The extra that installs its SDKs; ``None`` when it needs none.
        capabilities: What the provider can do.
        entry: Module that turns a platform's events into messages.
        planner: ``module:function`` from ``(Topology, Application, Adapter)`` to a plan; ``None`` when nothing is
            deployed.
        renderers: ``module:function`` from the plan to texts by path.
        translator: ``module:function`` from ``(expression, timezone, dst)`` to the clock's dialect; ``None`` when the
            adapter has a clock of its own.
        emulations: What the adapter adds where the provider falls short: how, by name of the promise.
        differ: ``module:function`` from the texts before and after, by path, to the changes of what is deployed;
            ``None`` when a difference of texts says it all.
        operator: ``module:function`` from ``(Application, name)`` of something deployed to the ``Operations`` on it;
            ``None`` when there is nothing to look after.
        scheduler: ``module:function`` from ``(Blueprint, name)`` of something deployed to the ``ProviderScheduler``
            that keeps its schedules; ``None`` when schedules cannot be managed apart.
        checker: ``module:function`` from the plan to further findings of a check; ``None`` if the promises say it all.
        configurator: ``module:function`` from ``(Adapter, table)`` to the adapter as a project's table of options asks
            for it; ``None`` when it has no options.
        worker: ``module:function`` from ``(Application, names of queues, stop=, concurrency=)``, which runs the workers
            of queues until ``stop`` is set; ``None`` where the platform starts all of them.
        options: What the configurator made of the table, for the adapter's own parts.
    """

    __slots__ = (
        "capabilities",
        "checker",
        "configurator",
        "differ",
        "emulations",
        "entry",
        "extra",
        "name",
        "operator",
        "options",
        "planner",
        "renderers",
        "scheduler",
        "translator",
        "worker",
    )

    def __init__(
        self,
        name: str,
        *,
        capabilities: Capabilities,
        entry: str,
        extra: str | None = None,
        planner: str | None = None,
        renderers: tuple[str, ...] = (),
        translator: str | None = None,
        emulations: "Mapping[str, str] | None" = None,
        differ: str | None = None,
        operator: str | None = None,
        scheduler: str | None = None,
        checker: str | None = None,
        configurator: str | None = None,
        worker: str | None = None,
        options: "Any" = None,
    ) -> None:
        self.name = name
        self.capabilities = capabilities
        self.entry = entry
        self.extra = extra
        self.planner = planner
        self.renderers = renderers
        self.translator = translator
        self.emulations = emulations if emulations is not None else {}
        self.differ = differ
        self.operator = operator
        self.scheduler = scheduler
        self.checker = checker
        self.configurator = configurator
        self.worker = worker
        self.options = options

    def __repr__(self) -> str:
        return f"Adapter({self.name!r})"

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Give the figures of the provider, each with its source."""
        return self.capabilities.limits

    def replace(self, **changes: "Any") -> "Adapter":
        """Give a copy with some fields changed."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return Adapter(**{**fields, **changes})


def configure(adapter: Adapter, table: "Mapping[str, Any]") -> Adapter:
    """Give an adapter as a project wants it.

    Args:
        adapter: The adapter as its module describes it.
        table: The project's options, ``[tool.purista-serverless.<name>]`` of its ``pyproject.toml``.

    Raises:
        DeclarationError: Options are unknown or wrong; tells all of them.
    """
    if adapter.configurator is not None:
        return load_object(adapter.configurator)(adapter, table)  # type: ignore[no-any-return]
    if table:
        from purista_serverless.errors import DeclarationError

        given = ", ".join(sorted(table))
        raise DeclarationError(f"[tool.purista-serverless.{adapter.name}]: {adapter.name} has no options; drop {given}")
    return adapter


def load_object(path: str) -> "Any":
    """Load what ``module:attribute`` names.

    Raises:
        ImportError: The module cannot be imported.
        AttributeError: The module has no such attribute.

    Example:
        >>> load_object("json:dumps")([1])
        '[1]'
    """
    from importlib import import_module

    module, _, attributes = path.partition(":")
    found: Any = import_module(module)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    return found
