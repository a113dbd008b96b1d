"""Functions of the user that are called besides handlers: mappings, keys, transforms, payloads of schedules."""

from collections.abc import Iterator
from typing import Any

from purista_serverless.builder.annotations import is_coroutine
from purista_serverless.builder.declarations import Declarations
from purista_serverless.builder.problems.report import problem_at
from purista_serverless.errors import Problem

_BINDING = ("map_payload", "map_parameter", "accepts", "idempotency_key")
_SCHEDULE = ("payload", "parameter", "idempotency_key")
_HANDLER = ("transform_input", "transform_output")


def check_functions(declarations: Declarations) -> Iterator[Problem]:
    """Find functions that are ``async def`` where nobody awaits: a filter of that kind would let everything pass."""
    places: tuple[tuple[tuple[Any, ...], tuple[str, ...]], ...] = (
        (declarations.bindings, _BINDING),
        (declarations.schedules, _SCHEDULE),
        (declarations.handlers, _HANDLER),
        (declarations.queues, ("ordering_key",)),
    )
    for targets, options in places:
        for target in targets:
            for option in options:
                given = getattr(target, option)
                if callable(given) and is_coroutine(given):
                    what = f"{option} is asynchronous, but it is called without being awaited"
                    yield problem_at("PS127", target, what, "write it with def; asynchronous work belongs in a handler")
