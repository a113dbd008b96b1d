"""HTTP routes: unique, well formed, and filled by the command's parameter."""

from collections.abc import Iterator
from typing import Any

from purista_serverless.builder.declarations import UNKNOWN, Declarations, type_of
from purista_serverless.builder.handles import Command, Queue
from purista_serverless.builder.options import Route
from purista_serverless.builder.problems.report import problem_at
from purista_serverless.errors import DeclarationError, Problem
from purista_serverless.naming import did_you_mean
from purista_serverless.schema.codec import name_of
from purista_serverless.schema.contract import alternatives_of, json_schema_of

# RFC 3986 allows more in a segment; these need no escaping with any provider's router.
_SEGMENT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


def check_routes(declarations: Declarations) -> Iterator[Problem]:
    """Find routes that are taken, not well formed, or do not fit their command."""
    taken: dict[tuple[str, str], Command[Any, Any]] = {}
    for command in declarations.commands:
        route = command.http
        if route is None:
            continue
        problem = _path_problem(route.path)
        if problem is not None:
            yield problem_at("PS171", command, *problem)
            continue
        first = taken.setdefault((route.method, _shape(route.path)), command)
        if first is not command:
            what = f"{route.method} {route.path} is the route of {first.name!r} at {first.origin} too"
            yield problem_at("PS170", command, what, "change the method or the path of one of them")
        yield from _status_problems(command, route)
        yield from _placeholder_problems(command, route)
        yield from _payload_problems(command, route)
        if route.mode == "async":
            yield from _acceptance_problems(command)


def _path_problem(path: str) -> tuple[str, str] | None:
    if not path.startswith("/"):
        return f"path {path!r} does not start with a slash", f"write '/{path}'"
    for segment in path[1:].split("/"):
        name = segment[1:-1]
        is_placeholder = segment.startswith("{") and segment.endswith("}") and name.isidentifier()
        if not is_placeholder and not (segment and _SEGMENT.issuperset(segment)) and path != "/":
            what = f"path {path!r} has the segment {segment!r}"
            return what, "use letters, digits, '-', '.', '_', '~', or a whole segment such as {accountId}"
    names = _placeholders(path)
    if len(set(names)) < len(names):
        return f"path {path!r} has a placeholder twice", "give each placeholder its own name"
    return None


def _placeholders(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


def _shape(path: str) -> str:
    return "/".join("{}" if segment.startswith("{") else segment for segment in path.split("/"))


def _status_problems(command: Command[Any, Any], route: Route) -> Iterator[Problem]:
    if route.mode not in {"sync", "async"}:
        hint = did_you_mean(str(route.mode), ("sync", "async")) or "use 'sync' or 'async'"
        yield problem_at("PS152", command, f"mode knows no {route.mode!r}", hint)
    if route.status is not None and not 200 <= route.status <= 299:
        what = f"status {route.status} is not that of a success"
        yield problem_at("PS171", command, what, "use 200 to 299; refuse with HandledError(<status>)")
    elif route.mode == "async" and route.status not in {None, 202}:
        yield problem_at("PS171", command, f"status {route.status} contradicts mode='async'", "leave status out: 202")
    if route.max_body < 1:
        yield problem_at("PS171", command, f"max_body={route.max_body} lets no body pass", "give a number of bytes")


def _placeholder_problems(command: Command[Any, Any], route: Route) -> Iterator[Problem]:
    parameter = type_of(command, "parameter")
    names = _placeholders(route.path)
    if parameter is UNKNOWN or not names:
        return
    if parameter is None:
        what = f"path {route.path!r} has placeholders, but the command declares no parameter"
        yield problem_at("PS172", command, what, f"declare parameter=<type> with the fields {', '.join(names)}")
        return
    fields = _fields_of(parameter)
    for name in names:
        if fields is not None and name not in fields:
            what = f"placeholder {{{name}}} is no field of {name_of(parameter)}"
            hint = did_you_mean(name, fields) or f"it has {', '.join(sorted(fields)) or 'no fields'}"
            yield problem_at("PS172", command, what, hint)


def _fields_of(parameter: Any) -> set[str] | None:
    try:
        schema = json_schema_of(parameter)
    except DeclarationError:
        return None
    found = alternatives_of(schema, schema)
    return {name for node in found for name in node.get("properties", {})}


def _payload_problems(command: Command[Any, Any], route: Route) -> Iterator[Problem]:
    payload = type_of(command, "payload")
    if route.method in {"GET", "DELETE"} and payload is not UNKNOWN and payload is not None:
        what = f"{route.method} carries no payload, but the command takes {name_of(payload)}"
        yield problem_at("PS173", command, what, "make it the parameter (path and query), or use Post")


def _acceptance_problems(command: Command[Any, Any]) -> Iterator[Problem]:
    """Find what keeps a 202 from saying where the job's status is."""
    for handler in command.handlers:
        listed: tuple[object, ...] = handler.can_enqueue  # another check reports what is no queue
        queues = {queue.name: queue for queue in listed if isinstance(queue, Queue)}
        own = [name for name, queue in queues.items() if not queue.is_external]
        if len(queues) != 1 or not own:
            what = f"it answers 202, but may enqueue to {', '.join(own) or 'no queue of this application'}"
            yield problem_at("PS174", command, what, "declare can_enqueue=[<queue>] with the one queue of its jobs")
    result = type_of(command, "result")
    if result is not UNKNOWN and result is not str:
        what = f"it answers 202 with the id of a job, but its result is {name_of(result)}"
        yield problem_at("PS174", command, what, "declare the result as str, and return what ctx.enqueue(...) gives")
