"""Names: logical ids in templates, and the names of functions and queues in an account."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from purista_serverless.adapters.aws.constants import FIFO_SUFFIX, SCHEDULE_EDGE
from purista_serverless.adapters.aws.limits import LONGEST_FUNCTION_NAME, LONGEST_QUEUE_NAME
from purista_serverless.naming import shorten, slug
from purista_serverless.synth.names import camel, digest_of, readable, told_apart

# The parameter that names begin with; its length is what all limits have to leave room for.
LONGEST_PREFIX = 24

_LONGEST_FUNCTION = LONGEST_FUNCTION_NAME - LONGEST_PREFIX - 1
_LONGEST_QUEUE = LONGEST_QUEUE_NAME - LONGEST_PREFIX - 1 - len(FIFO_SUFFIX)

# What is made of a function's id, here and by SAM (a hash follows ``Version``), and what of an edge's.
_FUNCTION_SUFFIXES = (
    "",
    "Role",
    "LogGroup",
    "Route",
    "Integration",
    "Invocation",
    "Jobs",
    "Events",
    "Slots",
    "Calls",
    "Calls2",
    "Version",
    "DeploymentGroup",
)
_EDGE_SUFFIXES = (
    "Queue",
    "QueuePolicy",
    "DeadLetter",
    "DeadLetterPolicy",
    "DeadLetterDepth",
    "DeadLetterAge",
    "Rule",
)
_SCHEDULE_SUFFIXES = ("", "2", "3", "4", "5", "6", "Role")


def prefix_of(application: str) -> str:
    """Give the default of the parameter that names begin with.

    Example:
        >>> prefix_of("shop"), prefix_of("enterprise-billing-cycle-of-2027")
        ('shop', 'enterprise-bill-dff4b2e6')
    """
    return shorten(slug(application), LONGEST_PREFIX)


def function_names(functions: Iterable[str]) -> dict[str, str]:
    """Give the names of functions in the account, without the prefix, by their names in the topology."""
    return told_apart(functions, _LONGEST_FUNCTION)


def queue_names(edges: Iterable[str]) -> dict[str, str]:
    """Give the names of queues in the account, without prefix and ``.fifo``, by the names of their edges."""
    return told_apart(edges, _LONGEST_QUEUE)


def logical_ids(functions: Iterable[str], edges: Iterable[str], alias: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the ids that all of a function's, and all of an edge's, resources begin with.

    Ids hold letters and digits only, and never depend on what else there is, unless two would be the same: also those
    that SAM derives count.

    Example:
        >>> functions, edges = logical_ids(["worker:Billing.1.closeCycle"], ["queue:billing.closing"], "live")
        >>> functions["worker:Billing.1.closeCycle"], edges["queue:billing.closing"]
        ('BillingCloseCycleWorker', 'BillingClosing')
    """
    of_functions = {name: _id_of(name) for name in functions}
    of_edges = {name: _id_of(name) for name in edges}
    suffixes = (*_FUNCTION_SUFFIXES, f"Alias{alias}")
    taken = Counter(_derived(of_functions, suffixes))
    taken.update(_derived(of_edges, _EDGE_SUFFIXES))
    taken.update(_derived(_schedules(of_edges), _SCHEDULE_SUFFIXES))
    clashing = {text for text, count in taken.items() if count > 1}
    if clashing:
        of_functions = _with_hashes(of_functions, suffixes, clashing)
        of_edges = _with_hashes(of_edges, (*_EDGE_SUFFIXES, *_SCHEDULE_SUFFIXES), clashing)
    return of_functions, of_edges


def _schedules(ids: Mapping[str, str]) -> Mapping[str, str]:
    return {name: id for name, id in ids.items() if name.startswith(SCHEDULE_EDGE)}


def _derived(ids: Mapping[str, str], suffixes: tuple[str, ...]) -> Iterator[str]:
    return (id + suffix for id in ids.values() for suffix in suffixes)


def _with_hashes(ids: Mapping[str, str], suffixes: tuple[str, ...], clashing: set[str]) -> dict[str, str]:
    return {
        name: f"{id}x{digest_of(name)}" if any(id + suffix in clashing for suffix in suffixes) else id
        for name, id in ids.items()
    }


def _id_of(name: str) -> str:
    kind = name.partition(":")[0]
    return camel(readable(name)) + ("Command" if kind == "command" else "")
