"""Names: legal, and unique without regard to case."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from purista_serverless.builder.declarations import Declarations
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.problems.report import problem_at, problem_of
from purista_serverless.errors import Problem
from purista_serverless.naming import folded, problem_of_dotted, problem_of_word


def check_names(declarations: Declarations) -> Iterator[Problem]:
    """Find names that some provider refuses."""
    for service in declarations.services:
        problem = problem_of_word(service.name)
        if problem is not None:
            yield problem_of("PS101", service, *_split(f"service name {service.name!r}", problem))
        if not service.version.isdecimal():
            what = f"version {service.version!r} is no whole number"
            yield problem_of("PS101", service, what, "use the major version, '1' for instance")
    words: tuple[Any, ...] = (
        *declarations.commands,
        *declarations.subscriptions,
        *_workers(declarations),
        *_schedules(declarations),
    )
    words += _values(declarations)
    for target in words:
        problem = problem_of_word(target.name)
        if problem is not None:
            yield problem_at("PS101", target, *_split(f"name {target.name!r}", problem))
    dotted: tuple[Any, ...] = (*declarations.events, *declarations.queues)
    for target in dotted:
        problem = problem_of_dotted(target.name)
        if problem is not None:
            yield problem_at("PS101", target, *_split(f"name {target.name!r}", problem))


def _split(subject: str, problem: str) -> tuple[str, str]:
    what, _, fix = problem.partition("; ")
    return f"{subject}: {what}", fix


def check_duplicates(declarations: Declarations) -> Iterator[Problem]:
    """Find names that are used twice where they have to be unique."""
    for first, second in _twice(declarations.services, lambda service: (folded(service.name), service.version)):
        what = f"service {second.name!r} version {second.version} is declared at {first.origin} too"
        yield problem_of("PS102", second, what, "give it another name or version, or use the first one")
    in_service: tuple[tuple[str, Iterable[Any]], ...] = (
        ("command", declarations.commands),
        ("subscription", declarations.subscriptions),
        ("worker", _workers(declarations)),
        ("schedule", _schedules(declarations)),
    )
    for kind, targets in in_service:
        for first, second in _twice(targets, _key_in_service):
            yield _duplicate(kind, first, second)
    for first, second in _twice(declarations.queues, lambda queue: folded(queue.name)):
        yield _duplicate("queue", first, second)
    for first, second in _twice(declarations.bindings, lambda binding: folded(binding.name)):
        what = f"event {second.event.name!r} is bound to queue {second.queue.name!r} at {first.origin} too"
        yield problem_at("PS102", second, what, "remove one of the bindings, or accept both senders in one")
    yield from _duplicate_events(declarations)


def _key_in_service(target: Any) -> tuple[str, str, str]:
    return folded(target.service.name), target.service.version, folded(target.name)


def _duplicate(kind: str, first: Any, second: Any) -> Problem:
    what = f"{kind} {second.name!r} is declared at {first.origin} too"
    return problem_at("PS102", second, what, "give one of them another name; case makes no difference")


def _duplicate_events(declarations: Declarations) -> Iterator[Problem]:
    for first, second in _twice(declarations.events, lambda event: folded(event.name)):
        if first.source is None and second.source is None:
            yield _duplicate("event", first, second)
        elif isinstance(first.source, Command) and isinstance(second.source, Command):
            what = f"success event {second.name!r} is that of command {first.source.name!r} at {first.origin} too"
            yield problem_at("PS103", second.source, what, "give each command a success event of its own")
        else:
            told = second if second.source is not None else first
            other = first if told is second else second
            what = f"{_kind(told)} event {told.name!r} has the name of the {_kind(other)} event at {other.origin}"
            yield problem_at("PS104", told.source, what, "name it otherwise, or remove the other event")


def _kind(event: Event[Any]) -> str:
    return {Queue: "result", Command: "success"}.get(type(event.source), "declared")


def check_agreement(declarations: Declarations) -> Iterator[Problem]:
    """Find contracts, resources and settings that are declared twice and differ."""
    owned: dict[str, Any] = {folded(event.name): event for event in declarations.events}
    yield from _foreign(declarations, Event, owned)
    yield from _foreign(declarations, Queue, {folded(queue.name): queue for queue in declarations.queues})
    for first, second in _twice(_values(declarations), lambda value: (value.kind == "resource", value.name)):
        if _shape(first) != _shape(second):
            what = f"{second.kind} {second.name!r} differs from the {first.kind} of that name at {first.origin}"
            yield problem_at("PS105", second, what, "declare it once and import it, or rename one of them")


def _shape(value: Any) -> tuple[Any, ...]:
    return value.kind, getattr(value, "type", None), getattr(value, "default", None), getattr(value, "factory", None)


def _foreign(declarations: Declarations, kind: type[Any], owned: dict[str, Any]) -> Iterator[Problem]:
    seen: dict[str, Any] = {}
    reported: set[int] = set()
    for use in declarations.external(kind):
        handle, name = use.handle, folded(use.handle.name)
        if id(handle) in reported:
            continue
        reported.add(id(handle))
        if name in owned:
            what = f"{handle.kind} {handle.name!r} is declared as external, but {owned[name].origin} declares it"
            yield problem_at("PS105", handle, what, "import that handle instead")
        elif name in seen and seen[name].payload != handle.payload:
            what = f"external {handle.kind} {handle.name!r} has another payload type than at {seen[name].origin}"
            yield problem_at("PS105", handle, what, "declare it once and import it")
        seen.setdefault(name, handle)


def _twice(found: Iterable[Any], key: Any) -> Iterator[tuple[Any, Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for each in found:
        groups[key(each)].append(each)
    for first, *others in groups.values():
        for other in others:
            yield first, other


def _workers(declarations: Declarations) -> tuple[Any, ...]:
    return tuple(handler for handler in declarations.handlers if handler.kind == "worker")


def _schedules(declarations: Declarations) -> tuple[Any, ...]:
    return tuple(found for service in declarations.services for found in service.declared.schedule_builders)


def _values(declarations: Declarations) -> tuple[Any, ...]:
    return tuple(
        value
        for service in declarations.services
        for value in (*service.declared.resources, *service.declared.settings)
    )
