"""The declarations of an application by name, and which schedules wait for which of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, assert_never

from purista_serverless.model import (
    Address,
    Application,
    Binding,
    Command,
    CommandTarget,
    Event,
    EventTarget,
    Handler,
    Queue,
    QueueTarget,
    Schedule,
    Service,
    Target,
)

T = TypeVar("T")


class Lookup:
    """An application's declarations by name; made once per compilation."""

    def __init__(self, application: Application) -> None:
        self.bindings = application.bindings
        self.schedules = application.schedules
        self.events: dict[str, Event] = {event.name: event for event in application.events}
        self.queues: dict[str, Queue] = {queue.name: queue for queue in application.queues}
        self.commands: dict[Address, Command] = {command.address: command for command in application.commands}
        self._bindings: dict[str, tuple[Binding, ...]] = _grouped(
            application.bindings, lambda binding: (binding.event,)
        )
        self._schedules: dict[Target, tuple[Schedule, ...]] = _grouped(
            application.schedules, lambda schedule: (schedule.target,)
        )
        guards = tuple(schedule for schedule in application.schedules if schedule.concurrency != "allow")
        self._guards: dict[Target, tuple[Schedule, ...]] = _grouped(guards, lambda schedule: (schedule.target,))
        self._queue_guards: dict[str, tuple[Schedule, ...]] = _grouped(guards, self.queues_reached_by)
        self.authenticate = application.authenticate_path
        self._resources = {resource.name: resource for resource in application.resources}
        self._services = {(service.name, service.version): service for service in application.services}

    def service_of(self, address: Address) -> Service:
        """Give the service that an address belongs to."""
        return self._services[address.service, address.version]

    def replaced_resources(self, handler: Handler | None) -> tuple[tuple[str, str], ...]:
        """Give the resources of a handler whose factories the application gives: names and where factories are found.

        The place is empty where a factory has no name that could be imported.
        """
        names = handler.resources if handler is not None else ()
        found = [self._resources[name] for name in names if name in self._resources]
        return tuple((known.name, known.replaced_by) for known in found if known.replaced_by is not None)

    def bindings_of(self, event: str) -> tuple[Binding, ...]:
        """Give the bindings of an event."""
        return self._bindings.get(event, ())

    def schedules_of(self, command: Address) -> tuple[Schedule, ...]:
        """Give the schedules that invoke a command."""
        return self._schedules.get(CommandTarget(command=command), ())

    def is_strict(self, queue: str) -> bool:
        """Say whether an enqueue claims its key in the queue's ledger."""
        found = self.queues.get(queue)
        return found is not None and found.idempotency == "strict"

    def is_recorded(self, queue: str) -> bool:
        """Say whether an enqueue writes the job's record."""
        found = self.queues.get(queue)
        return found is not None and found.tracking == "full"

    def guards_of_event(self, event: str) -> tuple[Schedule, ...]:
        """Give the schedules that emit an event and must know when the runs it starts have ended."""
        return self._guards.get(EventTarget(event=event), ())

    def guards_of_command(self, command: Address) -> tuple[Schedule, ...]:
        """Give the schedules that invoke a command and must know when it has ended."""
        return self._guards.get(CommandTarget(command=command), ())

    def guards_of_queue(self, queue: str) -> tuple[Schedule, ...]:
        """Give the schedules that must know when a queue's job has ended, whether it came straight or by a binding."""
        return self._queue_guards.get(queue, ())

    def queues_reached_by(self, schedule: Schedule) -> tuple[str, ...]:
        """Give the queues that a schedule's runs put jobs on, straight or by a binding of its event."""
        match schedule.target:
            case QueueTarget(queue=queue):
                return (queue,)
            case EventTarget(event=event):
                return tuple(binding.queue for binding in self.bindings_of(event))
            case CommandTarget():
                return ()
            case _:
                assert_never(schedule.target)


def _grouped(found: Iterable[T], keys: Callable[[T], Iterable[Any]]) -> dict[Any, tuple[T, ...]]:
    """Give things by each of their keys, in their order."""
    groups: defaultdict[Any, dict[int, T]] = defaultdict(dict)
    for one in found:
        for key in keys(one):
            groups[key][id(one)] = one
    return {key: tuple(group.values()) for key, group in groups.items()}
