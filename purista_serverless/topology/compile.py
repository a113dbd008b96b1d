"""From an application to its topology."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from purista_serverless.model import (
    Application,
    Binding,
    Command,
    CommandTarget,
    EventTarget,
    Handler,
    Queue,
    QueueTarget,
    Schedule,
    Subscription,
    Worker,
)
from purista_serverless.topology.directness import is_direct_binding, is_direct_schedule
from purista_serverless.topology.edges import (
    BindingEdge,
    CallEdge,
    Edge,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
    address_text,
    dead_letter_for,
)
from purista_serverless.topology.functions import (
    CallTrigger,
    EventTrigger,
    Function,
    HttpTrigger,
    InvokeTrigger,
    QueueTrigger,
    ScheduleTrigger,
    Topology,
    Trigger,
)
from purista_serverless.topology.lookup import Lookup
from purista_serverless.topology.permissions import (
    permissions_of_binding,
    permissions_of_command,
    permissions_of_gate,
    permissions_of_subscription,
    permissions_of_worker,
    sorted_permissions,
)

# A mapping or a gate is a few milliseconds of work and some requests; a minute is generous.
OWN_CODE_TIMEOUT = timedelta(minutes=1)


def topology_of(application: Application) -> Topology:
    """Give the functions and asynchronous edges of an application; the same ones whatever the order of declaration.

    Every binding and every schedule has a function here. A provider that can do without some of them takes
    ``Topology.carrying``.

    Example:
        >>> from purista_serverless.model import Origin
        >>> topology_of(Application(name="empty", origin=Origin(file="app.py", line=1)))
        Topology(application='empty', functions=(), edges=())
    """
    lookup = Lookup(application)
    return Topology(
        application=application.name,
        functions=tuple(sorted(_functions(application, lookup), key=lambda function: function.name)),
        edges=tuple(sorted(_edges(application, lookup), key=lambda edge: edge.name)),
    )


def _functions(application: Application, lookup: Lookup) -> Iterator[Function]:
    return (_informed(function, lookup) for function in _bare_functions(application, lookup))


def _informed(function: Function, lookup: Lookup) -> Function:
    """Tell a function what its queues are to the whole application."""
    enqueued = [permission.target for permission in function.permissions if permission.verb == "enqueue"]
    strict = tuple(queue for queue in enqueued if lookup.is_strict(queue))
    recorded = tuple(queue for queue in enqueued if lookup.is_recorded(queue) and queue not in strict)
    return replace(function, strict=strict, recorded=recorded) if enqueued else function


def _bare_functions(application: Application, lookup: Lookup) -> Iterator[Function]:
    for command in application.commands:
        if command.handler is not None and not command.external:
            yield _command_function(command, command.handler, lookup)
    for subscription in application.subscriptions:
        yield _subscription_function(subscription, lookup)
    for worker in application.workers:
        yield _worker_function(worker, lookup)
    for binding in application.bindings:
        yield _binding_function(binding, lookup)
    for schedule in application.schedules:
        yield _gate_function(schedule, lookup)


def _command_function(command: Command, handler: Handler, lookup: Lookup) -> Function:
    calls = lookup.schedules_of(command.address)
    return Function(
        name=_command_name(command),
        kind="command",
        address=command.address,
        module=handler.module,
        attribute=handler.name,
        triggers=_sorted(_command_triggers(command, calls)),
        permissions=sorted_permissions(permissions_of_command(command, handler, lookup)),
        runs=_names(lookup.guards_of_command(command.address)),
        resources=lookup.replaced_resources(handler),
        authenticate=lookup.authenticate if command.http is not None and not command.http.public else None,
        is_async=handler.is_async,
        timeout=command.timeout,
        origin=handler.origin,
    )


def _command_triggers(command: Command, calls: Iterable[Schedule]) -> Iterator[Trigger]:
    yield InvokeTrigger(command=command.address)
    if command.http is not None:
        http = command.http
        yield HttpTrigger(method=http.method, path=http.path, public=http.public, mode=http.mode)
    for schedule in calls:
        yield CallTrigger(schedule=schedule.name)


def _subscription_function(subscription: Subscription, lookup: Lookup) -> Function:
    name = _subscription_name(subscription)
    return Function(
        name=name,
        kind="subscription",
        address=subscription.address,
        module=subscription.handler.module,
        attribute=subscription.handler.name,
        triggers=(EventTrigger(edge=name),),
        permissions=sorted_permissions(permissions_of_subscription(subscription, lookup)),
        resources=lookup.replaced_resources(subscription.handler),
        is_async=subscription.handler.is_async,
        timeout=subscription.lifecycle.visibility,
        origin=subscription.handler.origin,
    )


def _worker_function(worker: Worker, lookup: Lookup) -> Function:
    queue = lookup.queues[worker.queue]
    trigger = QueueTrigger(queue=queue.name, batch_size=worker.batch_size, concurrency=worker.concurrency)
    return Function(
        name=_worker_name(worker),
        kind="worker",
        address=worker.address,
        module=worker.handler.module,
        attribute=worker.handler.name,
        triggers=(trigger,),
        permissions=sorted_permissions(permissions_of_worker(worker, queue, lookup)),
        tracking=queue.tracking,
        runs=_names(lookup.guards_of_queue(queue.name)),
        resources=lookup.replaced_resources(worker.handler),
        is_async=worker.handler.is_async,
        timeout=queue.max_runtime if queue.max_runtime is not None else queue.lifecycle.visibility,
        origin=worker.handler.origin,
    )


def _binding_function(binding: Binding, lookup: Lookup) -> Function:
    name, service = _binding_name(binding), lookup.service_of(binding.address)
    return Function(
        name=name,
        kind="binding",
        address=binding.address,
        module=service.module,
        attribute=service.attribute,
        triggers=(EventTrigger(edge=name),),
        permissions=sorted_permissions(permissions_of_binding(binding, lookup)),
        runs=_names(lookup.guards_of_event(binding.event)),
        timeout=OWN_CODE_TIMEOUT,
        origin=binding.origin,
    )


def _gate_function(schedule: Schedule, lookup: Lookup) -> Function:
    service = lookup.service_of(schedule.address)
    counts_runs = schedule.concurrency != "allow"
    return Function(
        name=_gate_name(schedule),
        kind="gate",
        address=schedule.address,
        module=service.module,
        attribute=service.attribute,
        triggers=(ScheduleTrigger(schedule=schedule.name),),
        permissions=sorted_permissions(permissions_of_gate(schedule, lookup)),
        awaits=_awaited_by(schedule, lookup) if counts_runs else (),
        run_timeout=schedule.run_timeout if counts_runs else None,
        timeout=OWN_CODE_TIMEOUT,
        origin=schedule.origin,
    )


def _awaited_by(schedule: Schedule, lookup: Lookup) -> tuple[str, ...]:
    """Give the edges of the bindings that turn a schedule's event into jobs, in whichever service."""
    match schedule.target:
        case EventTarget(event=event):
            return tuple(sorted(_binding_name(binding) for binding in lookup.bindings_of(event)))
        case QueueTarget() | CommandTarget():
            return ()
        case _:
            assert_never(schedule.target)


def _edges(application: Application, lookup: Lookup) -> Iterator[Edge]:
    for worker in application.workers:
        yield _queue_edge(worker, lookup.queues[worker.queue])
    for subscription in application.subscriptions:
        yield _subscription_edge(subscription)
    for binding in application.bindings:
        yield _binding_edge(binding, lookup)
    for schedule in application.schedules:
        yield _schedule_edge(schedule, lookup)
        if isinstance(schedule.target, CommandTarget):
            yield _call_edge(schedule, lookup.commands[schedule.target.command])


def _queue_edge(worker: Worker, queue: Queue) -> QueueEdge:
    return QueueEdge(
        queue=queue.name,
        consumer=_worker_name(worker),
        lifecycle=queue.lifecycle,
        dead_letter=dead_letter_for(queue.lifecycle, queue.dead_letter_retention),
    )


def _subscription_edge(subscription: Subscription) -> SubscriptionEdge:
    return SubscriptionEdge(
        subscription=subscription.address,
        filter=subscription.filter,
        consumer=_subscription_name(subscription),
        lifecycle=subscription.lifecycle,
        dead_letter=dead_letter_for(subscription.lifecycle),
    )


def _binding_edge(binding: Binding, lookup: Lookup) -> BindingEdge:
    return BindingEdge(
        event=binding.event,
        queue=binding.queue,
        consumer=_binding_name(binding),
        direct=is_direct_binding(binding, lookup),
        lifecycle=binding.lifecycle,
        dead_letter=dead_letter_for(binding.lifecycle),
        sender_service=binding.sender_service,
        sender_version=binding.sender_version,
    )


def _schedule_edge(schedule: Schedule, lookup: Lookup) -> ScheduleEdge:
    return ScheduleEdge(
        schedule=schedule.name,
        target=schedule.target,
        consumer=_gate_name(schedule),
        direct=is_direct_schedule(schedule, lookup),
        lifecycle=schedule.lifecycle,
        dead_letter=dead_letter_for(schedule.lifecycle),
    )


def _call_edge(schedule: Schedule, command: Command) -> CallEdge:
    return CallEdge(
        schedule=schedule.name,
        command=command.address,
        consumer=_command_name(command),
        lifecycle=schedule.lifecycle,
        dead_letter=dead_letter_for(schedule.lifecycle),
    )


def _command_name(command: Command) -> str:
    return f"command:{address_text(command.address)}"


def _subscription_name(subscription: Subscription) -> str:
    return f"subscription:{address_text(subscription.address)}"


def _worker_name(worker: Worker) -> str:
    return f"worker:{address_text(worker.address)}"


def _binding_name(binding: Binding) -> str:
    return f"binding:{binding.event}:{binding.queue}"


def _gate_name(schedule: Schedule) -> str:
    return f"gate:{schedule.name}"


def _sorted(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    return tuple(sorted(triggers, key=lambda trigger: trigger.name))


def _names(schedules: Iterable[Schedule]) -> tuple[str, ...]:
    return tuple(sorted(schedule.name for schedule in schedules))
