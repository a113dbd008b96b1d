"""Functions: what starts each, what each may do, and all of them together with their edges."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeGuard

from purista_serverless.model import Address, HttpMode, Origin, Tracking
from purista_serverless.topology.edges import BindingEdge, Edge, ScheduleEdge, address_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from purista_serverless.adapter import DirectKind

FunctionKind = Literal["command", "subscription", "worker", "binding", "gate"]
Verb = Literal["emit", "enqueue", "invoke", "read-config", "read-secret", "use-ledger", "dead-letter", "knock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """A request."""

    method: str
    path: str
    public: bool
    mode: HttpMode

    @property
    def name(self) -> str:
        """Give the trigger's name: ``http:POST /accounts/{accountId}/close``."""
        return f"http:{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeTrigger:
    """A command message whose sender waits for the answer."""

    command: Address

    @property
    def name(self) -> str:
        """Give the trigger's name: ``command:Billing.1.closeAccount``."""
        return f"command:{address_text(self.command)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrigger:
    """A command message that a schedule sent."""

    schedule: str

    @property
    def name(self) -> str:
        """Give the trigger's name, which is its edge's: ``call:Billing.1.nightly``."""
        return f"call:{self.schedule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTrigger:
    """Jobs of a queue, up to ``batch_size`` at a time; ``concurrency`` bounds the runs at one time."""

    queue: str
    batch_size: int
    concurrency: int | None

    @property
    def name(self) -> str:
        """Give the trigger's name, which is its edge's: ``queue:billing.monthlyClosing``."""
        return f"queue:{self.queue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """Events on the edge of a subscription or a binding."""

    edge: str

    @property
    def name(self) -> str:
        """Give the trigger's name, which is its edge's."""
        return self.edge


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """A slot of a schedule, or a knock at its gate."""

    schedule: str

    @property
    def name(self) -> str:
        """Give the trigger's name: ``gate:Billing.1.monthlyBillingCycle``."""
        return f"gate:{self.schedule}"


Trigger = HttpTrigger | InvokeTrigger | CallTrigger | QueueTrigger | EventTrigger | ScheduleTrigger


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Permission:
    """One thing that a function may do; a function has no other rights.

    ``target`` is the name of an event (``emit``), a queue (``enqueue``), a setting (``read-config``, ``read-secret``),
    the address of a command or the name of a call edge (``invoke``), or the name of an edge (the others).
    """

    verb: Verb
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The unit that is deployed and dispatched.

    Attributes:
        name: Unique and stable: ``worker:Billing.1.closeCycle``, ``binding:<event>:<queue>``.
        kind: What it runs: a handler, a binding's mapping or a schedule's gate.
        address: Service, version and name of the declaration behind it.
        module: Module to import: the handler's, or that of the service for a binding or a gate.
        attribute: Path inside the module: of the handler, or of the service's builder.
        triggers: Why it runs, sorted by name.
        permissions: What it may do, sorted.
        tracking: Tracking of its queue; ``none`` for everything but workers.
        runs: Schedules that wait for what it does, by name.
        strict: Queues that it enqueues to under strict keys, whoever made them strict, sorted.
        recorded: Other queues that it enqueues to whose jobs are recorded in full, sorted.
        awaits: Edges of the bindings that the runs of a gate wait for, sorted; empty if it counts no runs.
        run_timeout: Age at which an open run of a gate counts as finished; ``None`` if it counts no runs.
        resources: Names of resources whose factories the application gives, with where each is found
            (``module:function``; empty if it has no such name), sorted.
        authenticate: Where the application's own ``authenticate`` is found (``module:name``; empty if it has no such
            name), for commands that have to ask it; ``None`` for all others.
        is_async: The handler is ``async def``.
        timeout: Time that one run may take.
        origin: Where the declaration stands.
    """

    name: str
    kind: FunctionKind
    address: Address
    module: str
    attribute: str
    triggers: tuple[Trigger, ...]
    permissions: tuple[Permission, ...]
    timeout: timedelta
    origin: Origin
    tracking: Tracking = "none"
    runs: tuple[str, ...] = ()
    strict: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    run_timeout: timedelta | None = None
    resources: tuple[tuple[str, str], ...] = ()
    authenticate: str | None = None
    is_async: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """All functions and asynchronous edges of an application, each sorted by name; the same for every provider.

    ``carried`` are the functions that a provider does without; they have their entry modules all the same.
    """

    application: str
    functions: tuple[Function, ...]
    edges: tuple[Edge, ...]
    carried: tuple[Function, ...] = field(default=(), repr=False)

    def function(self, name: str) -> Function:
        """Give the function of that name.

        Raises:
            KeyError: There is none.
        """
        return {function.name: function for function in self.functions}[name]

    def edge(self, name: str) -> Edge:
        """Give the edge of that name.

        Raises:
            KeyError: There is none.
        """
        return {edge.name: edge for edge in self.edges}[name]

    def carrying(self, kinds: "Collection[DirectKind]", *, apart: "Collection[str]" = ()) -> "Topology":
        """Give the topology on a provider that carries direct edges of these kinds by itself, without functions.

        Args:
            kinds: What the provider can turn into its target: the events of a ``binding``, the slots of a ``schedule``.
            apart: Names of edges that it cannot carry all the same.
        """
        carried = {edge.consumer for edge in self.edges if edge.name not in apart and _is_carried(edge, kinds)}
        return replace(
            self,
            functions=tuple(function for function in self.functions if function.name not in carried),
            carried=tuple(function for function in self.functions if function.name in carried),
            edges=tuple(
                replace(edge, consumer=None) if edge.name not in apart and _is_carried(edge, kinds) else edge
                for edge in self.edges
            ),
        )


def _is_carried(edge: Edge, kinds: "Collection[DirectKind]") -> TypeGuard[BindingEdge | ScheduleEdge]:
    match edge:
        case BindingEdge(direct=direct):
            return direct and "binding" in kinds
        case ScheduleEdge(direct=direct):
            return direct and "schedule" in kinds
        case _:
            return False
