"""Bindings give a queue what it takes, and key paths name fields that exist."""

from collections.abc import Iterator
from typing import Any

from purista_serverless.builder.annotations import MISSING
from purista_serverless.builder.declarations import UNKNOWN, Declarations, type_of
from purista_serverless.builder.problems.handlers import is_returned_for, returned_by
from purista_serverless.builder.problems.report import problem_at, split_error
from purista_serverless.builder.schedules import BindingDeclaration
from purista_serverless.errors import DeclarationError, Problem
from purista_serverless.schema.codec import name_of
from purista_serverless.schema.contract import fits
from purista_serverless.schema.paths import resolve_path

MESSAGE_KEYS = ("messageId", "correlationId")


def check_bindings(declarations: Declarations) -> Iterator[Problem]:
    """Find bindings whose job would not be what the queue takes."""
    for binding in declarations.bindings:
        yield from _payload_problems(binding)
        yield from _parameter_problems(binding)
        yield from key_problems(binding, binding.event, binding.idempotency_key, MESSAGE_KEYS)


def _payload_problems(binding: BindingDeclaration) -> Iterator[Problem]:
    sent, expected = type_of(binding.event, "payload"), type_of(binding.queue, "payload")
    if expected is UNKNOWN or sent is UNKNOWN:
        return
    if binding.map_payload is not None:
        returned = returned_by(binding.map_payload)
        if returned is not MISSING and not is_returned_for(returned, expected):
            what = f"map_payload gives {name_of(returned)}, but queue {binding.queue.name!r} takes {name_of(expected)}"
            yield problem_at("PS140", binding, what, f"return {name_of(expected)} from it")
        return
    for reason in _misfits(sent, expected):
        what = f"{name_of(sent)} of event {binding.event.name!r} does not fit {name_of(expected)}: {reason}"
        yield problem_at("PS141", binding, what, "give map_payload, a function from the one to the other")


def _misfits(sent: Any, expected: Any) -> tuple[str, ...]:
    try:
        return fits(sent, expected)
    except DeclarationError:
        # A type that cannot travel at all is reported where it is declared.
        return ()


def _parameter_problems(binding: BindingDeclaration) -> Iterator[Problem]:
    expected = type_of(binding.queue, "parameter")
    if expected is UNKNOWN:
        return
    if binding.map_parameter is None:
        if expected is not None and fits(dict, expected):
            what = f"queue {binding.queue.name!r} takes the parameter {name_of(expected)}, but the binding gives none"
            yield problem_at("PS142", binding, what, "give map_parameter, or default values to all of its fields")
        return
    returned = returned_by(binding.map_parameter)
    if expected is None:
        what = f"map_parameter is given, but queue {binding.queue.name!r} declares no parameter"
        yield problem_at("PS142", binding, what, "remove it, or declare the queue with parameter=<type>")
    elif returned is not MISSING and not is_returned_for(returned, expected):
        what = f"map_parameter gives {name_of(returned)}, but queue {binding.queue.name!r} takes {name_of(expected)}"
        yield problem_at("PS142", binding, what, f"return {name_of(expected)} from it")


def key_problems(place: Any, source: Any, key: Any, known: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Find a key path that the payload of ``source`` does not have."""
    declared = type_of(source, "payload")
    if not isinstance(key, str) or key in known or declared is UNKNOWN:
        return
    try:
        resolve_path(declared, key)
    except DeclarationError as error:
        what, fix = split_error(error)
        yield problem_at("PS165", place, what, f"{fix} (or one of {', '.join(known)})" if known else fix)


def check_ordering_keys(declarations: Declarations) -> Iterator[Problem]:
    """Find ordering keys that the queue's payload does not have."""
    for queue in declarations.queues:
        yield from key_problems(queue, queue, queue.ordering_key)
