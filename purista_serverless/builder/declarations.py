"""All declarations of an application together, as they were written, with the questions that checks ask of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeVar

from purista_serverless.builder.handlers import HandlerDeclaration, SubscriptionDeclaration
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.origin import Origin
from purista_serverless.builder.schedules import BindingDeclaration, ScheduleDeclaration
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.errors import DeclarationError

T = TypeVar("T")

Part = Literal["payload", "parameter", "result"]
Factory = Callable[[], Any] | str


class Unknown:
    """Stand for a type that cannot be told; another check reports why."""

    def __repr__(self) -> str:
        return "(unknown)"


UNKNOWN = Unknown()


class Use:
    """A handle that is used somewhere: who uses it, for what, and where that is written."""

    __slots__ = ("handle", "origin", "user", "verb")

    def __init__(self, handle: Any, *, verb: str, user: str, origin: Origin) -> None:
        self.handle = handle
        self.verb = verb
        self.user = user
        self.origin = origin


class Declarations:
    """What the services of an application declare; each property gives it in the order of the source."""

    def __init__(
        self, name: str, services: Sequence[ServiceBuilder], factories: Mapping[str, Factory] | None = None
    ) -> None:
        self.name = name
        self.services = tuple(services)
        self.factories = dict(factories or {})

    @cached_property
    def events(self) -> tuple[Event[Any], ...]:
        """All events that the services own, also those that tell of results and successes."""
        return tuple(event for service in self.services for event in _events_of(service))

    @cached_property
    def commands(self) -> tuple[Command[Any, Any], ...]:
        """All commands that the services own."""
        return tuple(command for service in self.services for command in service.declared.commands)

    @cached_property
    def queues(self) -> tuple[Queue[Any, Any], ...]:
        """All queues that the services own."""
        return tuple(queue for service in self.services for queue in service.declared.queues)

    @cached_property
    def subscriptions(self) -> tuple[SubscriptionDeclaration, ...]:
        """All subscriptions."""
        return tuple(found for service in self.services for found in service.declared.subscriptions)

    @cached_property
    def bindings(self) -> tuple[BindingDeclaration, ...]:
        """All bindings of events to queues."""
        return tuple(binding for service in self.services for binding in service.declared.bindings)

    @cached_property
    def schedules(self) -> tuple[ScheduleDeclaration, ...]:
        """All schedules that have a target."""
        return tuple(schedule for service in self.services for schedule in service.declared.schedules)

    @cached_property
    def handlers(self) -> tuple[HandlerDeclaration, ...]:
        """All registered handlers."""
        return tuple(handler for service in self.services for handler in service.declared.handlers)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """All places that use a handle."""
        return (*self._uses_of_handlers(), *self._uses_of_edges())

    def external(self, *kinds: type[Any]) -> Iterator[Use]:
        """Give the uses of handles of some kinds that belong to other systems."""
        return (use for use in self.uses if isinstance(use.handle, kinds) and use.handle.is_external)

    def bindings_of(self, queue: Queue[Any, Any]) -> tuple[BindingDeclaration, ...]:
        """Give the bindings that end in a queue."""
        return self._bindings_by_queue.get(queue.name, ())

    def acceptors_of(self, queue: Queue[Any, Any]) -> tuple[HandlerDeclaration, ...]:
        """Give the handlers of commands that answer 202 and may put jobs on a queue."""
        return self._acceptors.get(queue.name, ())

    def guards_of(self, queue: Queue[Any, Any]) -> tuple[ScheduleDeclaration, ...]:
        """Give the schedules that fill a queue, and whose runs may not overlap."""
        return self._guards.get(queue.name, ())

    @cached_property
    def _bindings_by_queue(self) -> dict[str, tuple[BindingDeclaration, ...]]:
        return grouped((binding.queue.name, binding) for binding in self.bindings)

    @cached_property
    def _bindings_by_event(self) -> dict[str, tuple[BindingDeclaration, ...]]:
        return grouped((binding.event.name, binding) for binding in self.bindings)

    @cached_property
    def _acceptors(self) -> dict[str, tuple[HandlerDeclaration, ...]]:
        return grouped(
            (queue.name, handler)
            for handler in self.handlers
            if isinstance(handler.target, Command)
            and handler.target.http is not None
            and handler.target.http.mode == "async"
            for queue in handler.can_enqueue
        )

    @cached_property
    def _guards(self) -> dict[str, tuple[ScheduleDeclaration, ...]]:
        return grouped(
            (queue.name, schedule)
            for schedule in self.schedules
            if schedule.concurrency_policy in {"forbid", "replace"}
            for queue in self.queues_reached(schedule)
        )

    def queues_reached(self, schedule: ScheduleDeclaration) -> tuple[Queue[Any, Any], ...]:
        """Give the queues that a schedule fills, straight or by bindings of its event."""
        match schedule.target:
            case Queue() as queue:
                return (queue,)
            case Event() as event:
                return tuple(binding.queue for binding in self._bindings_by_event.get(event.name, ()))
            case _:
                return ()

    def _uses_of_handlers(self) -> Iterator[Use]:
        for handler in self.handlers:
            user = place_name(handler.service, handler.name)
            listed: tuple[tuple[str, Iterable[Any]], ...] = (
                ("can_emit", handler.can_emit),
                ("can_enqueue", handler.can_enqueue),
                ("can_invoke", handler.can_invoke),
                ("uses", handler.uses),
            )
            for verb, handles in listed:
                for handle in handles:
                    yield Use(handle, verb=verb, user=user, origin=handler.origin)

    def _uses_of_edges(self) -> Iterator[Use]:
        for found in self.subscriptions:
            if found.event is not None:
                user = place_name(found.service, found.name)
                yield Use(found.event, verb="subscribe", user=user, origin=found.origin)
        for binding in self.bindings:
            user = place_name(binding.service, binding.name)
            yield Use(binding.event, verb="bind", user=user, origin=binding.origin)
            yield Use(binding.queue, verb="bind", user=user, origin=binding.origin)
        for schedule in self.schedules:
            user = place_name(schedule.service, schedule.name)
            yield Use(schedule.target, verb="schedule", user=user, origin=schedule.origin)


def grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    """Give what has the same name together, each thing once, in its order."""
    groups: defaultdict[str, dict[int, T]] = defaultdict(dict)
    for name, one in pairs:
        groups[name][id(one)] = one
    return {name: tuple(group.values()) for name, group in groups.items()}


def _events_of(service: ServiceBuilder) -> Iterator[Event[Any]]:
    yield from service.declared.events
    for command in service.declared.commands:
        if command.success_event_name is not None:
            yield command.success_event
    for queue in service.declared.queues:
        names = queue.results.names() if queue.results is not None else ()
        for name in names:
            yield Event(name, None, service=service, origin=queue.origin, source=queue)


def place_name(service: ServiceBuilder, name: str) -> str:
    """Name a declaration in its service: ``Billing v1 > closeAccount``."""
    return f"{service.name} v{service.version} > {name}"


def type_of(target: Any, part: Part) -> Any:
    """Give a type of a target, or ``UNKNOWN`` if it has to be inferred and cannot be."""
    try:
        return getattr(target, part, None)
    except DeclarationError:
        return UNKNOWN
