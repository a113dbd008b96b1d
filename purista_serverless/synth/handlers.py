"""The entry modules: one small file per function, the same for every cloud.

A file names the handler, why it runs, and the few facts that a cold start needs; ``runtime.entry`` does the rest.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256

from purista_serverless.errors import Problem
from purista_serverless.naming import shorten, slug
from purista_serverless.synth.marker import MARKER
from purista_serverless.topology import Function, Topology

FOLDER = "handlers"
UNREACHABLE = "PS261"

_LINE_LENGTH = 120
_LONGEST_STEM = 80


def render_handlers(topology: Topology) -> dict[str, str]:
    """Render the entry module of every function, by path; also of those that a provider does without."""
    paths = handler_paths(topology)
    return {paths[function.name]: render_handler(function) for function in _every(topology)}


def _every(topology: Topology) -> tuple[Function, ...]:
    return tuple(sorted((*topology.functions, *topology.carried), key=lambda function: function.name))


def render_handler(function: Function) -> str:
    """Render one entry module."""
    call = _call_text(list(_arguments(function)))
    return f"# {MARKER}\nfrom purista_serverless.runtime.entry import entry\n\nhandler = {call}\n"


def find_unreachable(topology: Topology) -> tuple[Problem, ...]:
    """Find what no entry module could import: handlers inside functions, services and factories without a name."""
    handlers = [_unreachable(function) for function in _every(topology) if not _is_importable(function)]
    nameless = [
        _nameless_factory(function, name)
        for function in _every(topology)
        for name, path in function.resources
        if not path
    ]
    strangers = [_nameless_authenticate(function) for function in _every(topology) if function.authenticate == ""]
    return (*handlers, *nameless, *strangers)


def _is_importable(function: Function) -> bool:
    return function.module not in {"", "__main__"} and bool(function.attribute) and "<" not in function.attribute


def _unreachable(function: Function) -> Problem:
    is_service = function.kind in {"binding", "gate"}
    thing = f"the service {function.address.service}" if is_service else function.attribute
    return Problem(
        UNREACHABLE,
        where=f"{function.address} ({function.origin})",
        what=f"{thing} has no name in a module that a deployed function could import",
        fix="assign the ServiceBuilder to a variable of a module" if is_service else "define the handler in a module",
    )


def _nameless_factory(function: Function, resource: str) -> Problem:
    return Problem(
        UNREACHABLE,
        where=f"{function.address} ({function.origin})",
        what=f"the application's factory of {resource!r} has no name in a module that a deployed function could import",
        fix=f'define it in a module, or write resources={{"{resource}": "module:function"}}',
    )


def _nameless_authenticate(function: Function) -> Problem:
    return Problem(
        UNREACHABLE,
        where=f"{function.address} ({function.origin})",
        what="the application's authenticate has no name in a module that a deployed function could import",
        fix='define it in a module, or write authenticate="module:name"',
    )


def handler_paths(topology: Topology) -> dict[str, str]:
    """Give the path of each function's entry module, by the function's name.

    A path depends on service and name alone; functions that would share one all take their version into it, and
    those that still would, a hash of their name.
    """
    stems = {function.name: _stem_of(function) for function in _every(topology)}
    versions = {function.name: f"v{slug(function.address.version)}" for function in _every(topology)}
    hashes = {name: sha256(name.encode()).hexdigest()[:8] for name in stems}
    stems = _told_apart(_told_apart(stems, versions), hashes)
    return {name: f"{FOLDER}/{stem}.py" for name, stem in stems.items()}


def _stem_of(function: Function) -> str:
    stem = "-".join(slug(part) for part in (function.address.service, *_name_parts(function)))
    return shorten(stem, _LONGEST_STEM).replace("-", "_")


def _name_parts(function: Function) -> tuple[str, ...]:
    match function.kind:
        case "command" | "subscription" | "worker":
            return (function.address.name,)
        case "gate":
            return ("gate", function.address.name)
        case "binding":
            _, event, queue = function.name.split(":")
            service = function.address.service
            return ("bind", _without_service(event, service), "to", _without_service(queue, service))


def _without_service(name: str, service: str) -> str:
    """Drop the service from ``billing.monthlyClosing``: the file name starts with it already."""
    first, dot, rest = name.partition(".")
    return rest if dot and slug(first) == slug(service) else name


def _told_apart(stems: Mapping[str, str], suffixes: Mapping[str, str]) -> dict[str, str]:
    # Stems are in lower case: a file system that ignores case merges nothing that is not found here.
    counts = Counter(stems.values())
    return {name: f"{stem}_{suffixes[name]}" if counts[stem] > 1 else stem for name, stem in stems.items()}


def _arguments(function: Function) -> Iterator[str]:
    yield _quoted(f"{function.module}:{function.attribute}")
    for trigger in function.triggers:
        yield _quoted(trigger.name)
    if function.tracking != "none":
        yield f"tracking={_quoted(function.tracking)}"
    facts = (
        ("runs", function.runs),
        ("strict", function.strict),
        ("recorded", function.recorded),
        ("awaits", function.awaits),
    )
    for fact, names in facts:
        if names:
            yield f"{fact}={_tuple_text(names)}"
    if function.run_timeout is not None:
        yield f"run_timeout={round(function.run_timeout.total_seconds() * 1000):_}"
    if function.authenticate:
        yield f"authenticate={_quoted(function.authenticate)}"
    if function.resources:
        yield f"resources={{{', '.join(f'{_quoted(name)}: {_quoted(path)}' for name, path in function.resources)}}}"


def _tuple_text(names: tuple[str, ...]) -> str:
    return f"({', '.join(_quoted(name) for name in names)}{',' if len(names) == 1 else ''})"


def _call_text(arguments: list[str]) -> str:
    call = f"entry({', '.join(arguments)})"
    if len(f"handler = {call}") <= _LINE_LENGTH:
        return call
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"entry(\n{lines})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
