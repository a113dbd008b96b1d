"""One consumer or timetable of an application, made from what a generated file says and its service declares.

Nothing here compiles an application: a deployed function has its own declaration, and facts where the whole application
knows more. ``runtime.assembly`` makes the same parts from a compiled one.
"""

from typing import TYPE_CHECKING, Any

from purista_serverless.errors import DeclarationError
from purista_serverless.runtime.enqueue import milliseconds

if TYPE_CHECKING:
    from datetime import timedelta

    from purista_serverless.builder.handles import Queue
    from purista_serverless.builder.options import Lifecycle as LifecycleOption
    from purista_serverless.builder.options import ResultEvents
    from purista_serverless.builder.schedules import BindingDeclaration, ScheduleDeclaration
    from purista_serverless.builder.service import ServiceBuilder
    from purista_serverless.model import ConcurrencyPolicy, Lifecycle, ResultPolicy, Tracking
    from purista_serverless.model import Schedule as ScheduleModel
    from purista_serverless.runtime.consume import Consumer, EdgeLifecycle
    from purista_serverless.runtime.entry import Entry
    from purista_serverless.runtime.events import BindingConsumer, CallConsumer, SubscriptionConsumer
    from purista_serverless.runtime.function import Function, Watch
    from purista_serverless.runtime.gate import Timetable
    from purista_serverless.runtime.gate import Trigger as GateTrigger
    from purista_serverless.runtime.jobs import JobConsumer

_DAY = 86_400_000


def consumers_of(entry: "Entry") -> "dict[str, Consumer]":
    """Give the consumer of each asynchronous edge that starts a function; gates have none.

    Raises:
        DeclarationError: The target is no registered handler, or its service declares no such binding.
    """
    edges = [trigger for trigger in entry.triggers if trigger.startswith(("queue:", "subscription:", "call:"))]
    consumers: dict[str, Consumer] = {}
    if edges:
        function = entry.function()
        consumers.update({edge: handler_consumer(entry, function, edge) for edge in edges})
    for trigger in entry.triggers:
        if trigger.startswith("binding:"):
            consumers[trigger] = binding_consumer(entry, trigger)
    return consumers


def edge_consumer(entry: "Entry", watch: "Watch | None" = None) -> "tuple[Function | None, Consumer]":
    """Give what handles the deliveries of a function's only edge, and the handler behind it if there is one.

    Args:
        entry: What the generated file says.
        watch: Is told how each run ends.

    Raises:
        DeclarationError: The target is no registered handler, or its service declares no such binding or schedule.
    """
    (trigger,) = entry.triggers
    if trigger.startswith("gate:"):
        from purista_serverless.builder.options import Lifecycle
        from purista_serverless.runtime.knocks import GateConsumer

        return None, GateConsumer(timetable_of(entry), Lifecycle())
    if trigger.startswith("binding:"):
        return None, binding_consumer(entry, trigger)
    function = entry.function(watch)
    return function, handler_consumer(entry, function, trigger)


def handler_consumer(entry: "Entry", function: "Function", edge: str) -> "Consumer":
    """Give the consumer of an edge that ends in a handler: of a worker, a subscription, or a command's calls."""
    kind, _, name = edge.partition(":")
    if kind == "queue":
        return _worker_consumer(entry, function)
    return _subscription_consumer(function, edge) if kind == "subscription" else call_consumer(name, function)


def _worker_consumer(entry: "Entry", function: "Function") -> "JobConsumer":
    declaration = function.declaration
    queue: Any = declaration.target
    return job_consumer(
        queue,
        function,
        lifecycle=queue.resolved_lifecycle(),
        max_runtime=queue.profile.max_runtime if queue.profile is not None else None,
        results=queue.results,
        tracking=entry.facts.get("tracking", "none"),
        batch_size=declaration.batch_size or 1,
    )


def job_consumer(
    queue: Any,
    function: "Function",
    *,
    lifecycle: "Lifecycle | LifecycleOption",
    max_runtime: "timedelta | None",
    results: "ResultPolicy | ResultEvents[Any] | None",
    tracking: "Tracking",
    batch_size: int,
) -> "JobConsumer":
    """Give the consumer of a queue's jobs; of the queue only its name and how long letters are kept count."""
    from purista_serverless.runtime.consume import EdgeLifecycle
    from purista_serverless.runtime.jobs import JobConsumer

    return JobConsumer(
        queue.name,
        function,
        EdgeLifecycle(lifecycle, milliseconds(max_runtime) if max_runtime is not None else None),
        tracking=tracking,
        results=results,
        retention=milliseconds(lifecycle.window) + milliseconds(queue.dead_letter_retention),
        batch_size=batch_size,
    )


def _subscription_consumer(function: "Function", edge: str) -> "SubscriptionConsumer":
    from purista_serverless.runtime.events import Matcher, SubscriptionConsumer

    subscription: Any = function.declaration.target
    event = subscription.event.name if subscription.event is not None else None
    matcher = Matcher({"event": event, **subscription.filters})
    return SubscriptionConsumer(edge, function, matcher, _lifecycle(subscription.lifecycle))


def call_consumer(schedule: str, function: "Function") -> "CallConsumer":
    """Give the consumer of the calls that a schedule makes."""
    from purista_serverless.runtime.events import CallConsumer

    return CallConsumer(schedule, function, _lifecycle(None))


def binding_consumer(entry: "Entry", edge: str) -> "BindingConsumer":
    """Give the consumer of a binding, which the target, a service's builder, declares.

    Raises:
        DeclarationError: It declares no such binding.
    """
    from purista_serverless.runtime.events import BindingConsumer

    service: ServiceBuilder = entry.load()
    found = [one for one in service.declared.bindings if edge == f"binding:{one.event.name}:{one.queue.name}"]
    if not found:
        raise _undeclared(entry, edge)
    (declaration,) = found
    spec = entry.queue_spec(declaration.queue)
    return BindingConsumer(
        DeclaredBinding(declaration), declaration.event.payload, spec, _lifecycle(declaration.lifecycle)
    )


class DeclaredBinding:
    """A binding as its consumer needs it, read from its declaration; ``model.Binding`` is the same one compiled."""

    __slots__ = (
        "accepts",
        "event",
        "idempotency_key",
        "map_parameter",
        "map_payload",
        "queue",
        "sender_service",
        "sender_version",
    )

    def __init__(self, declaration: "BindingDeclaration") -> None:
        self.event = declaration.event.name
        self.queue = declaration.queue.name
        self.map_payload = declaration.map_payload
        self.map_parameter = declaration.map_parameter
        self.accepts = declaration.accepts
        self.idempotency_key = declaration.idempotency_key
        self.sender_service = declaration.sender_service
        self.sender_version = declaration.sender_version


class DeclaredSchedule:
    """A schedule as its gate needs it, read from its declaration; ``model.Schedule`` is the same one compiled."""

    __slots__ = (
        "concurrency",
        "dst",
        "enabled",
        "expression",
        "idempotency_key",
        "jitter",
        "max_catch_up_count",
        "max_lateness",
        "missed_runs",
        "name",
        "parameter",
        "payload",
        "timezone",
    )

    def __init__(self, declaration: "ScheduleDeclaration") -> None:
        missed = declaration.missed_run_policy
        self.name = name_of(declaration)
        self.expression = declaration.expression
        self.timezone = declaration.timezone
        self.dst = declaration.dst
        self.enabled = declaration.enabled
        self.concurrency: ConcurrencyPolicy = declaration.concurrency_policy
        # Upstream's word for it.
        self.missed_runs: Any = "catchUp" if missed == "backfill" else missed
        self.max_catch_up_count = declaration.max_catch_up_count
        self.max_lateness = declaration.max_lateness
        self.jitter = declaration.jitter
        self.idempotency_key = declaration.idempotency_key
        self.payload = declaration.payload
        self.parameter = declaration.parameter


def timetable_of(entry: "Entry") -> "Timetable":
    """Give the timetable of the schedule whose gate an entry is; the target is its service's builder.

    Raises:
        DeclarationError: The service declares no such schedule.
    """
    service: ServiceBuilder = entry.load()
    name = entry.triggers[0].removeprefix("gate:")
    found = [one for one in service.declared.schedules if name_of(one) == name]
    if not found:
        raise _undeclared(entry, entry.triggers[0])
    declaration = found[0]
    queues = [entry.queue_spec(queue) for queue in _queues_at_hand(declaration, service)]
    return timetable(
        DeclaredSchedule(declaration),
        _trigger(entry, declaration),
        run_timeout=entry.facts.get("run_timeout", _DAY),
        retentions={spec.name: spec.retention for spec in queues},
    )


def timetable(
    schedule: "ScheduleModel | DeclaredSchedule",
    trigger: "GateTrigger",
    *,
    run_timeout: int,
    retentions: dict[str, int],
) -> "Timetable":
    """Give a schedule as its gate needs it; times in milliseconds.

    Args:
        schedule: The schedule.
        trigger: What its runs send.
        run_timeout: Age at which an open run counts as finished.
        retentions: How long records of jobs are kept, by queue.
    """
    from purista_serverless.runtime.gate import Timetable
    from purista_serverless.runtime.slots import ExpressionSlots

    return Timetable(
        name=schedule.name,
        slots=ExpressionSlots(schedule.expression, schedule.timezone, schedule.dst),
        trigger=trigger,
        signature=f"{schedule.expression!r} {schedule.timezone} {schedule.enabled}",
        concurrency=schedule.concurrency,
        missed_runs=schedule.missed_runs,
        max_catch_up_count=schedule.max_catch_up_count,
        max_lateness=milliseconds(schedule.max_lateness),
        run_timeout=run_timeout,
        enabled=schedule.enabled,
        jitter=milliseconds(schedule.jitter) if schedule.jitter is not None else 0,
        retentions=retentions,
    )


def name_of(declaration: "ScheduleDeclaration") -> str:
    """Give the unique name of a declared schedule: ``Billing.1.monthlyCycle``."""
    return f"{declaration.service.name}.{declaration.service.version}.{declaration.name}"


def _trigger(entry: "Entry", declaration: "ScheduleDeclaration") -> "GateTrigger":
    from purista_serverless.message import Party
    from purista_serverless.runtime.triggers import CallTrigger, EventTrigger, JobTrigger
    from purista_serverless.schema import codec_of

    target: Any = declaration.target
    schedule = DeclaredSchedule(declaration)
    match target.kind:
        case "event":
            return EventTrigger(schedule, codec_of(target.payload), target.name, tuple(entry.facts.get("awaits", ())))
        case "queue":
            return JobTrigger(schedule, entry.queue_spec(target))
        case _:
            receiver = Party(target.service_name, target.service_version, target.name)
            return CallTrigger(schedule, codec_of(target.payload), codec_of(target.parameter), receiver)


def _queues_at_hand(declaration: "ScheduleDeclaration", service: "ServiceBuilder") -> "list[Queue[Any, Any]]":
    """Give the queues that a schedule's runs reach, as far as its own service knows them.

    They say how long the record of a job is kept that a newer run cancels; the longest time serves for all others.
    """
    target: Any = declaration.target
    if target.kind == "queue":
        return [target]
    bindings = service.declared.bindings if target.kind == "event" else []
    return [binding.queue for binding in bindings if binding.event.name == target.name]


def _lifecycle(given: "LifecycleOption | None") -> "EdgeLifecycle":
    from purista_serverless.builder.options import Lifecycle
    from purista_serverless.runtime.consume import EdgeLifecycle

    return EdgeLifecycle(given if given is not None else Lifecycle())


def _undeclared(entry: "Entry", trigger: str) -> DeclarationError:
    return DeclarationError(f"{entry.target} declares no {trigger}; run the build again")
