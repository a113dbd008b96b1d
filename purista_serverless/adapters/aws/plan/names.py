"""Names: logical ids in templates, and the names of functions and queues in an account."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from purista_serverless.adapters.aws.constants import FIFO_SUFFIX, SCHEDULE_EDGE
from purista_serverless.adapters.aws.limits import LONGEST_FUNCTION_NAME, LONGEST_QUEUE_NAME
from purista_serverless.naming import shorten, slug

# The parameter that names begin with; its length is what all limits have to leave room for.
LONGEST_PREFIX = 24

_LONGEST_FUNCTION = LONGEST_FUNCTION_NAME - LONGEST_PREFIX - 1
_LONGEST_QUEUE = LONGEST_QUEUE_NAME - LONGEST_PREFIX - 1 - len(FIFO_SUFFIX)
_HASH_LENGTH = 8

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
    return _told_apart(functions, _LONGEST_FUNCTION)


def queue_names(edges: Iterable[str]) -> dict[str, str]:
    """Give the names of queues in the account, without prefix and ``.fifo``, by the names of their edges."""
    return _told_apart(edges, _LONGEST_QUEUE)


def _told_apart(names: Iterable[str], limit: int) -> dict[str, str]:
    """Write each name as a slug; those that would be the same take a hash of theirs."""
    readable = {name: slug(_readable(name)) for name in names}
    short = {name: shorten(text, limit) for name, text in readable.items()}
    counts = Counter(short.values())
    return {
        name: text if counts[text] == 1 else _hashed(readable[name], _digest(name), limit)
        for name, text in short.items()
    }


def _readable(name: str) -> str:
    """Put the kind last, and leave out what is the rule: version 1, a queue's kind, a command's kind."""
    kind, _, rest = name.partition(":")
    words = rest if kind in {"queue", "binding"} else _words_of_address(rest)
    return words if kind in {"queue", "command"} else f"{words} {kind}"


def _words_of_address(address: str) -> str:
    service, version, name = address.split(".")
    return f"{service} {name}" if version == "1" else f"{service} v{version} {name}"


def _hashed(text: str, digest: str, limit: int) -> str:
    return f"{text[: limit - _HASH_LENGTH - 1].rstrip('-')}-{digest}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:_HASH_LENGTH]


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
        name: f"{id}x{_digest(name)}" if any(id + suffix in clashing for suffix in suffixes) else id
        for name, id in ids.items()
    }


def _id_of(name: str) -> str:
    kind = name.partition(":")[0]
    return camel(_readable(name)) + ("Command" if kind == "command" else "")


def camel(name: str) -> str:
    """Write a name as words in capitals, without anything between them.

    Example:
        >>> camel("billing.monthlyClosing-v2")
        'BillingMonthlyClosingV2'
    """
    return "".join(part.capitalize() for part in slug(name).split("-"))
