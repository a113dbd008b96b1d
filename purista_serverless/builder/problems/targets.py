"""What is used exists, and what exists is handled."""

from collections.abc import Iterator
from typing import Any

from purista_serverless.builder.declarations import Declarations, Use, place_name
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.problems.report import problem_at, problem_in
from purista_serverless.builder.values import Config, Resource, Secret
from purista_serverless.errors import Problem

_KINDS: dict[str, tuple[type[Any], ...]] = {
    "can_emit": (Event,),
    "can_enqueue": (Queue,),
    "can_invoke": (Command,),
    "uses": (Resource, Config, Secret),
    "subscribe": (Event,),
    "bind": (Event, Queue),
    "schedule": (Event, Queue, Command),
}


def check_uses(declarations: Declarations) -> Iterator[Problem]:
    """Find uses of something that is no handle, or whose service is not part of the application."""
    for use in declarations.uses:
        kinds = _KINDS[use.verb]
        if not isinstance(use.handle, kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            what = f"{use.verb} takes {names} handles, not {use.handle!r}"
            yield problem_in("PS111", use.user, use.origin, what, _fix_of_kind(use, names))
        elif use.handle.service is not None and use.handle.service not in declarations.services:
            service = use.handle.service
            what = (
                f"{use.handle.kind} {use.handle.name!r} belongs to {service.name} v{service.version}, which is not part"
            )
            what += f" of application {declarations.name!r}"
            fix = f"add the service to Application(...), or declare the {use.handle.kind} as external"
            yield problem_in("PS110", use.user, use.origin, what, fix)


def _fix_of_kind(use: Use, names: str) -> str:
    homes = {Event: "can_emit", Queue: "can_enqueue", Command: "can_invoke"}
    home = homes.get(type(use.handle))
    if home is not None and use.verb.startswith("can_"):
        return f"move it to {home}"
    return f"pass the {names} that the service's builder returned"


def check_handlers(declarations: Declarations) -> Iterator[Problem]:
    """Find commands and queues without a handler, and anything with two."""
    for command in declarations.commands:
        if not command.handlers:
            fix = "write one with @<command>.handler() and name its module in handlers=[...]"
            yield problem_at("PS113", command, f"command {command.name!r} has no handler", fix)
    for queue in declarations.queues:
        if not queue.handlers:
            fix = "write one with @<queue>.worker() and name its module in handlers=[...], or use Queue.external"
            yield problem_at("PS114", queue, f"queue {queue.name!r} has no worker", fix)
    for subscription in declarations.subscriptions:
        if not subscription.handlers:
            what = f"subscription {subscription.name!r} decorates no function"
            yield problem_at("PS113", subscription, what, "put it above the handler as a decorator")
    targets: tuple[Any, ...] = (*declarations.commands, *declarations.queues, *declarations.subscriptions)
    for target in targets:
        for second in target.handlers[1:]:
            yield _second_handler(target, second)


def _second_handler(target: Any, second: Any) -> Problem:
    first = target.handlers[0]
    what = f"{second.kind} {target.name!r} has a handler at {first.origin} already"
    fix = "remove one of them"
    if str(first.origin) == str(second.origin):
        what = f"the module of {second.kind} {target.name!r} is imported twice: {_modules(first, second)}"
        fix = "import it under one name everywhere"
    return problem_in("PS115", place_name(target.service, target.name), second.origin, what, fix)


def _modules(first: Any, second: Any) -> str:
    return f"as {first.function.__module__} and as {second.function.__module__}"


def check_edges(declarations: Declarations) -> Iterator[Problem]:
    """Find bindings to foreign queues, schedules without a target, and subscriptions to nothing."""
    for binding in declarations.bindings:
        queue = binding.queue
        if not queue.is_external and queue.service is not binding.service:
            owner = f"{queue.service_name} v{queue.service_version}"
            what = f"queue {queue.name!r} belongs to {owner}; a binding is the queue's own business"
            yield problem_at("PS117", binding, what, f"declare the binding in {owner}")
    for service in declarations.services:
        for builder in service.declared.schedule_builders:
            if not builder.is_used:
                what = f"schedule {builder.name!r} starts nothing"
                yield problem_at("PS118", builder, what, "add .emit_event(...), .enqueue(...) or .invoke(...)")
    for subscription in declarations.subscriptions:
        if subscription.event is None and not subscription.filters:
            what = f"subscription {subscription.name!r} would be given every message"
            yield problem_at("PS119", subscription, what, "name an event or a filter such as message_type")


def check_circles(declarations: Declarations) -> Iterator[Problem]:
    """Find commands that wait for each other."""
    invokes = {
        id(handler.target): (handler, handler.can_invoke)
        for handler in declarations.handlers
        if handler.kind == "command"
    }
    reported: set[frozenset[int]] = set()
    for start in invokes:
        circle = _circle_from(start, invokes)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            names = [invokes[key][0].target.name for key in (*circle, circle[0])]
            what = f"commands wait for each other: {' -> '.join(names)}"
            fix = "let one of them emit an event or enqueue a job instead of invoking"
            handler = invokes[start][0]
            yield problem_in("PS116", place_name(handler.service, handler.name), handler.origin, what, fix)


def _circle_from(start: int, invokes: dict[int, tuple[Any, tuple[Any, ...]]]) -> list[int]:
    paths = [[start]]
    seen: set[int] = set()
    while paths:
        path = paths.pop()
        for command in invokes[path[-1]][1]:
            if id(command) == start:
                return path
            if id(command) in invokes and id(command) not in seen:
                seen.add(id(command))
                paths.append([*path, id(command)])
    return []
