"""What can be wrong with declarations: one module per subject, one function per question, all problems at once.

A check never raises for what another one reports: a type that cannot be told is ``UNKNOWN`` to all but one of them.
"""

from collections.abc import Callable, Iterator

from purista_serverless.builder.declarations import Declarations
from purista_serverless.builder.problems.bounds import (
    check_bounds,
    check_kinds,
    check_lifecycles,
    check_options,
)
from purista_serverless.builder.problems.edges import check_bindings, check_ordering_keys
from purista_serverless.builder.problems.functions import check_functions
from purista_serverless.builder.problems.handlers import (
    check_annotations,
    check_resources,
    check_signatures,
    check_types,
)
from purista_serverless.builder.problems.names import check_agreement, check_duplicates, check_names
from purista_serverless.builder.problems.overlap import check_overlap
from purista_serverless.builder.problems.routes import check_routes
from purista_serverless.builder.problems.schedules import check_schedules
from purista_serverless.builder.problems.targets import check_circles, check_edges, check_handlers, check_uses
from purista_serverless.errors import Problem

_CHECKS: tuple[Callable[[Declarations], Iterator[Problem]], ...] = (
    check_names,
    check_duplicates,
    check_agreement,
    check_handlers,
    check_edges,
    check_circles,
    check_signatures,
    check_annotations,
    check_resources,
    check_types,
    check_functions,
    check_bindings,
    check_ordering_keys,
    check_schedules,
    check_overlap,
    check_lifecycles,
    check_bounds,
    check_options,
    check_routes,
)


def find_problems(declarations: Declarations) -> tuple[Problem, ...]:
    """Find everything that is wrong, ordered by place and code."""
    found = [*check_uses(declarations), *check_kinds(declarations)]
    # The other checks read what handles and options say, so that there have to be handles and options.
    if not any(problem.code in {"PS111", "PS152"} for problem in found):
        for check in _CHECKS:
            found.extend(check(declarations))
    return sort_problems(found)


def sort_problems(problems: list[Problem]) -> tuple[Problem, ...]:
    """Order problems by place and code; the same problem is told once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.where, problem.code, problem.what)))
