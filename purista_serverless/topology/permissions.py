"""What each function may do: exactly what its declaration says, and what its own edges need."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from purista_serverless.model import (
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
from purista_serverless.topology.edges import address_text
from purista_serverless.topology.functions import Permission
from purista_serverless.topology.lookup import Lookup


def sorted_permissions(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Give permissions without repetition, sorted."""
    return tuple(sorted(set(permissions)))


def permissions_of_command(command: Command, handler: Handler, lookup: Lookup) -> Iterator[Permission]:
    """Give what a command's function may do."""
    yield from _declared(handler, lookup)
    if command.success_event is not None:
        yield Permission(verb="emit", target=command.success_event)
    for schedule in lookup.schedules_of(command.address):
        yield Permission(verb="dead-letter", target=f"call:{schedule.name}")
    yield from _closing(lookup.guards_of_command(command.address))


def permissions_of_worker(worker: Worker, queue: Queue, lookup: Lookup) -> Iterator[Permission]:
    """Give what a worker's function may do."""
    yield from _declared(worker.handler, lookup)
    for event in _result_events(queue):
        yield Permission(verb="emit", target=event)
    yield Permission(verb="dead-letter", target=f"queue:{queue.name}")
    if queue.tracking != "none" or queue.idempotency == "strict":
        yield Permission(verb="use-ledger", target=f"queue:{queue.name}")
    yield from _closing(lookup.guards_of_queue(queue.name))


def permissions_of_subscription(subscription: Subscription, lookup: Lookup) -> Iterator[Permission]:
    """Give what a subscription's function may do."""
    yield from _declared(subscription.handler, lookup)
    yield Permission(verb="dead-letter", target=f"subscription:{address_text(subscription.address)}")


def permissions_of_binding(binding: Binding, lookup: Lookup) -> Iterator[Permission]:
    """Give what a binding's function may do."""
    yield from _enqueueing(binding.queue, lookup)
    yield Permission(verb="dead-letter", target=f"binding:{binding.event}:{binding.queue}")
    guards = lookup.guards_of_event(binding.event)
    if guards:
        # A job that exists already is joined to the run: its record is changed by the binding.
        yield Permission(verb="use-ledger", target=f"queue:{binding.queue}")
    yield from _closing(guards)


def permissions_of_gate(schedule: Schedule, lookup: Lookup) -> Iterator[Permission]:
    """Give what a schedule's gate may do."""
    yield Permission(verb="use-ledger", target=f"schedule:{schedule.name}")
    yield Permission(verb="dead-letter", target=f"schedule:{schedule.name}")
    if schedule.concurrency == "replace":
        # A newer run takes the fence from the jobs of the older one.
        for queue in lookup.queues_reached_by(schedule):
            yield Permission(verb="use-ledger", target=f"queue:{queue}")
    match schedule.target:
        case EventTarget(event=event):
            yield Permission(verb="emit", target=event)
        case QueueTarget(queue=queue):
            yield from _enqueueing(queue, lookup)
        case CommandTarget():
            yield Permission(verb="invoke", target=f"call:{schedule.name}")
        case _:
            assert_never(schedule.target)


def _declared(handler: Handler, lookup: Lookup) -> Iterator[Permission]:
    for event in handler.can_emit:
        yield Permission(verb="emit", target=event)
    for queue in handler.can_enqueue:
        yield from _enqueueing(queue, lookup)
    for command in handler.can_invoke:
        yield Permission(verb="invoke", target=address_text(command))
    for name in handler.config:
        yield Permission(verb="read-config", target=name)
    for name in handler.secrets:
        yield Permission(verb="read-secret", target=name)


def _enqueueing(queue: str, lookup: Lookup) -> Iterator[Permission]:
    yield Permission(verb="enqueue", target=queue)
    if lookup.is_recorded(queue) or lookup.is_strict(queue):
        yield Permission(verb="use-ledger", target=f"queue:{queue}")


def _result_events(queue: Queue) -> tuple[str, ...]:
    results = queue.results
    if results is None:
        return ()
    events = (results.completed, results.failed, results.cancelled, results.dead_lettered)
    return tuple(event for event in events if event is not None)


def _closing(schedules: Iterable[Schedule]) -> Iterator[Permission]:
    for schedule in schedules:
        yield Permission(verb="use-ledger", target=f"schedule:{schedule.name}")
        if schedule.concurrency == "forbid" and schedule.missed_runs == "catchUp":
            # The run that ends lets the next missed slot start.
            yield Permission(verb="knock", target=f"schedule:{schedule.name}")
