"""Names of resources: made of those of functions and edges, short enough, and no two the same."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from purista_serverless.naming import shorten, slug

_HASH_LENGTH = 8


def told_apart(names: Iterable[str], limit: int) -> dict[str, str]:
    """Write each name as a slug of a length; those that would be the same take a hash of theirs.

    Example:
        >>> told_apart(["worker:Billing.1.closeCycle", "queue:billing.closing"], 20)
        {'worker:Billing.1.closeCycle': 'billing-clo-9eeb98e6', 'queue:billing.closing': 'billing-closing'}
    """
    written = {name: slug(readable(name)) for name in names}
    short = {name: shorten(text, limit) for name, text in written.items()}
    counts = Counter(short.values())
    return {
        name: text if counts[text] == 1 else _hashed(written[name], digest_of(name), limit)
        for name, text in short.items()
    }


def readable(name: str) -> str:
    """Give the words of a function's or an edge's name: its kind last, and nothing that is the rule.

    Version 1, the kind of a queue and that of a command are the rule.

    Example:
        >>> readable("worker:Billing.1.closeCycle"), readable("queue:billing.closing")
        ('Billing closeCycle worker', 'billing.closing')
    """
    kind, _, rest = name.partition(":")
    words = rest if kind in {"queue", "binding"} else _words_of_address(rest)
    return words if kind in {"queue", "command"} else f"{words} {kind}"


def _words_of_address(address: str) -> str:
    service, version, name = address.split(".")
    return f"{service} {name}" if version == "1" else f"{service} v{version} {name}"


def _hashed(text: str, digest: str, limit: int) -> str:
    return f"{text[: limit - _HASH_LENGTH - 1].rstrip('-')}-{digest}"


def digest_of(name: str) -> str:
    """Give what tells a name from others that are written the same."""
    return sha256(name.encode()).hexdigest()[:_HASH_LENGTH]


def camel(name: str) -> str:
    """Write a name as words in capitals, without anything between them.

    Example:
        >>> camel("billing.monthlyClosing-v2")
        'BillingMonthlyClosingV2'
    """
    return "".join(part.capitalize() for part in slug(name).split("-"))
