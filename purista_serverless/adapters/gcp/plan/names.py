"""Names in the project, without the prefix that all begin with, and ids inside the plan."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from purista_serverless.adapters.gcp.limits import (
    LONGEST_ACCOUNT_NAME,
    LONGEST_FUNCTION_NAME,
    LONGEST_TOPIC_NAME,
    SHORTEST_ACCOUNT_NAME,
)
from purista_serverless.adapters.gcp.options import LONGEST_PREFIX, Options
from purista_serverless.naming import shorten, slug
from purista_serverless.synth.names import digest_of, readable, told_apart

_ROOM = LONGEST_PREFIX + 1
# The shortest prefix has one character.
_SHORTEST_ACCOUNT = SHORTEST_ACCOUNT_NAME - 2


def prefix_of(application: str, options: Options) -> str:
    """Give the default of the prefix.

    Example:
        >>> prefix_of("enterprise-billing-cycle", Options()), prefix_of("shop", Options(prefix="acme"))
        ('enterpr-f8721eda', 'acme')
    """
    return options.prefix or shorten(slug(application), LONGEST_PREFIX)


def function_names(functions: Iterable[str]) -> dict[str, str]:
    """Give the names of functions by their names in the topology."""
    return told_apart(functions, LONGEST_FUNCTION_NAME - _ROOM)


def account_names(functions: Iterable[str]) -> dict[str, str]:
    """Give the names of the functions' service accounts by the names in the topology: long enough with any prefix."""
    names = told_apart(functions, LONGEST_ACCOUNT_NAME - _ROOM)
    return {
        function: name if len(name) >= _SHORTEST_ACCOUNT else f"{name}-{digest_of(function)}"
        for function, name in names.items()
    }


def topic_name(key: str, kind: str = "") -> str:
    """Give the name of a topic or subscription: that of its edge, which no two share, as names have no tilde.

    Example:
        >>> topic_name("queue:billing.monthlyClosing"), topic_name("queue:billing.monthlyClosing", "dead-letter")
        ('queue~billing.monthlyClosing', 'dead-letter~queue~billing.monthlyClosing')
    """
    name = key.replace(":", "~")
    return shorten(f"{kind}~{name}" if kind else name, LONGEST_TOPIC_NAME - _ROOM)


def job_name(schedule: str, number: int = 1) -> str:
    """Give the name of the n-th job of a schedule.

    Example:
        >>> job_name("Billing.1.monthlyCycle"), job_name("Billing.1.monthlyCycle", 2)
        ('Billing-1-monthlyCycle', 'Billing-1-monthlyCycle-2')
    """
    name = schedule.replace(".", "-")
    return name if number == 1 else f"{name}-{number}"


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Give what the ids of each name's resources end with: small letters, digits and single underscores.

    Example:
        >>> identifiers(["worker:Billing.1.closeCycle", "event:billing.cycleDue", "event:billing.cycle_due"])
        {'worker:Billing.1.closeCycle': 'billing_close_cycle_worker', \
'event:billing.cycleDue': 'billing_cycle_due_x5713b27f', 'event:billing.cycle_due': 'billing_cycle_due_x36510e8f'}
    """
    written = {name: _identifier(name) for name in names}
    counts = Counter(written.values())
    return {name: text if counts[text] == 1 else f"{text}_x{digest_of(name)}" for name, text in written.items()}


def _identifier(name: str) -> str:
    words = name.partition(":")[2] if name.startswith("event:") else readable(name)
    return slug(words).replace("-", "_")


def secret_variables(secrets: Iterable[str]) -> Mapping[str, str]:
    """Give the variables into which the platform puts secrets.

    Example:
        >>> secret_variables(["mailKey"])
        {'mailKey': 'PURISTA_SECRET_mailKey'}
    """
    return {name: f"PURISTA_SECRET_{re.sub(r'[^A-Za-z0-9_]', '_', name)}" for name in secrets}
