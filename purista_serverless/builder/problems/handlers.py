"""Handlers take what they handle: signature, annotations, resources."""

from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, NoReturn, Union, get_args, get_origin

from purista_serverless.builder.annotations import (
    ASYNC_GENERATOR,
    GENERATOR,
    MISSING,
    annotation_of,
    keyword_names,
    positional_names,
    unwrapped,
)
from purista_serverless.builder.declarations import UNKNOWN, Declarations, Part, place_name, type_of
from purista_serverless.builder.handlers import HandlerDeclaration
from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.problems.report import problem_at, problem_in, split_error
from purista_serverless.errors import DeclarationError, Problem
from purista_serverless.naming import did_you_mean
from purista_serverless.schema.codec import codec_of, name_of
from purista_serverless.schema.contract import json_schema_of

_VARIADIC = 0x04 | 0x08
_PARTS: tuple[Part, ...] = ("payload", "parameter", "result")


def check_signatures(declarations: Declarations) -> Iterator[Problem]:
    """Find handlers that cannot be called with context, payload and perhaps a parameter."""
    for handler in declarations.handlers:
        name = handler.function.__qualname__
        flags = unwrapped(handler.function).__code__.co_flags
        if flags & (GENERATOR | ASYNC_GENERATOR):
            yield _problem("PS123", handler, f"{name} is a generator", "return the result instead of yielding it")
        count = len(positional_names(handler.function))
        if count not in {2, 3} or flags & _VARIADIC:
            taken = (
                "any number of arguments" if flags & _VARIADIC else f"({', '.join(positional_names(handler.function))})"
            )
            what = f"{name} takes {taken}"
            yield _problem("PS120", handler, what, _signature_fix(handler, count))
        elif count == 3 and not _has_parameter(handler):
            what = f"{name} takes a parameter, but {handler.target.name!r} declares none"
            fix = "declare it with parameter=<type>" if handler.kind != "subscription" else "an event has no parameter"
            yield _problem("PS120", handler, what, fix)


def _signature_fix(handler: HandlerDeclaration, count: int) -> str:
    if handler.kind == "command" and count == 1:
        return "take (ctx, payload) or (ctx, payload, parameter); a command that is told nothing takes `payload: None`"
    return "take (ctx, payload) or (ctx, payload, parameter); resources follow after a *"


def _has_parameter(handler: HandlerDeclaration) -> bool:
    return type_of(handler.target, "parameter") is not None


def _is_callable(handler: HandlerDeclaration) -> bool:
    return len(positional_names(handler.function)) in {2, 3}


def check_annotations(declarations: Declarations) -> Iterator[Problem]:
    """Find annotations that contradict the handle, and types that cannot be inferred."""
    for handler in declarations.handlers:
        if not _is_callable(handler):
            continue
        names = dict(zip(("payload", "parameter"), positional_names(handler.function)[1:], strict=False))
        for part, name in {**names, "result": "return"}.items():
            problem = _contradiction(handler, part, name)  # type: ignore[arg-type]
            if problem is not None:
                yield problem


def _contradiction(handler: HandlerDeclaration, part: Part, name: str) -> Problem | None:
    if handler.kind == "subscription" and part == "parameter":
        return None
    try:
        declared = getattr(handler.target, part)
    except DeclarationError as error:
        return _problem("PS122", handler, *split_error(error, handler.origin))
    written = _readable_annotation(handler, name)
    # A parameter that nobody declared is a matter of the signature.
    if written is MISSING or (part == "parameter" and declared is None):
        return None
    fitting = is_returned_for(written, declared) if part == "result" else is_accepted_for(written, declared)
    if fitting:
        return None
    shown = "the result" if part == "result" else repr(name)
    what = f"{handler.function.__qualname__} annotates {shown} as {name_of(written)}, but {handler.target.name!r}"
    return _problem("PS121", handler, f"{what} declares {name_of(declared)}", _fix(handler, part, written, declared))


def _fix(handler: HandlerDeclaration, part: Part, written: Any, declared: Any) -> str:
    if part == "result" and declared is None:
        if handler.kind == "subscription":
            return "return nothing: nobody waits for a subscription; emit an event instead"
        return f"declare result={name_of(written)}, or return nothing"
    return f"annotate it as {name_of(declared)}, or change the declaration of {handler.target.name!r}"


def _readable_annotation(handler: HandlerDeclaration, name: str) -> Any:
    try:
        return annotation_of(handler.function, name)
    except DeclarationError:
        # The type is declared; a name that only type checkers see is checked by them.
        return MISSING


def is_accepted_for(written: Any, declared: Any) -> bool:
    """Tell whether a parameter with this annotation takes values of the declared type.

    Example:
        >>> is_accepted_for(int | None, int), is_accepted_for(int, str)
        (True, False)
    """
    if written is Any or written is object or _plain(written) == _plain(declared):
        return True
    if get_origin(written) in {Union, UnionType}:
        return any(is_accepted_for(part, declared) for part in get_args(written))
    return _is_subclass(declared, written)


def is_returned_for(written: Any, declared: Any) -> bool:
    """Tell whether a result with this annotation is of the declared type."""
    if written is Any or written is NoReturn or _plain(written) == _plain(declared):
        return True
    if get_origin(written) in {Union, UnionType}:
        return all(is_returned_for(part, declared) for part in get_args(written))
    return _is_subclass(written, declared)


def _plain(annotation: Any) -> Any:
    return None if annotation is type(None) else annotation


def _is_subclass(narrow: Any, wide: Any) -> bool:
    # The classes themselves: a protocol that is not checked at run time refuses `issubclass`.
    return isinstance(narrow, type) and isinstance(wide, type) and wide in narrow.__mro__


def check_resources(declarations: Declarations) -> Iterator[Problem]:
    """Find keyword-only parameters that no resource fills."""
    for handler in declarations.handlers:
        known = handler.known_resources()
        for name in keyword_names(handler.function):
            if name not in known:
                what = f"no resource is named {name!r}, which {handler.function.__qualname__} asks for"
                hint = did_you_mean(name, known)
                fix = hint or f"declare {handler.service.name}.resource({name!r}, <type>), or pass it in uses=[...]"
                yield _problem("PS124", handler, what, fix)
                continue
            yield from _resource_problems(handler, name, known[name], declarations)


def _resource_problems(
    handler: HandlerDeclaration, name: str, resource: Any, declarations: Declarations
) -> Iterator[Problem]:
    written = _readable_annotation(handler, name)
    if written is not MISSING and not is_accepted_for(written, resource.type):
        what = f"resource {name!r} is {name_of(resource.type)}, but the parameter is annotated as {name_of(written)}"
        yield _problem("PS125", handler, what, f"annotate it as {name_of(resource.type)}")
    if resource.factory is None and name not in declarations.factories:
        what = f"resource {name!r} has no factory, so that nobody makes it"
        fix = f"declare it with factory=..., or give Application(..., resources={{{name!r}: ...}})"
        yield _problem("PS126", handler, what, fix)


def check_types(declarations: Declarations) -> Iterator[Problem]:
    """Find declared types that cannot travel as JSON."""
    seen: set[tuple[str, str]] = set()
    judged: dict[int, tuple[Any, DeclarationError | None]] = {}
    for target in _typed(declarations):
        for part in _PARTS:
            declared = type_of(target, part)
            if id(declared) not in judged:
                # Types need not be hashable; those that are kept here keep their ids.
                judged[id(declared)] = declared, None if declared is UNKNOWN else _unsupported(declared)
            error = judged[id(declared)][1]
            if error is not None and (key := (str(target.origin), str(error))) not in seen:
                seen.add(key)
                yield problem_at("PS130", target, *split_error(error))


def _typed(declarations: Declarations) -> Iterator[Any]:
    # Payloads of result events and of subscriptions to an event follow from others.
    yield from (event for event in declarations.events if event.source is None)
    yield from declarations.commands
    yield from declarations.queues
    yield from (found for found in declarations.subscriptions if found.event is None)
    yield from (use.handle for use in declarations.external(Event, Queue, Command))


def _unsupported(declared: Any) -> DeclarationError | None:
    try:
        codec_of(declared)
        json_schema_of(declared, "validation")
        json_schema_of(declared, "serialization")
    except DeclarationError as error:
        return error
    return None


def _problem(code: str, handler: HandlerDeclaration, what: str, fix: str) -> Problem:
    return problem_in(code, place_name(handler.service, handler.name), handler.origin, what, fix)


def returned_by(function: Callable[..., Any]) -> Any:
    """Give the annotated result of a function; ``MISSING`` if there is none or it cannot be read."""
    try:
        return annotation_of(function, "return") if hasattr(unwrapped(function), "__code__") else MISSING
    except DeclarationError:
        return MISSING
