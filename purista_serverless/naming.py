"""Pure rules for names: what is legal, how to make a short one, and what a wrong one was meant to be."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Spelled out, since the module `string` loads `re`, which a cold start does without.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORD = _LETTERS | frozenset("0123456789_")
_DOTTED = _WORD | frozenset(".-")

# SQS has the shortest names: 80 characters, 75 without `.fifo`, and a dead letter queue takes 12 more for its suffix.
LONGEST_NAME = 63


def problem_of_word(name: object) -> str | None:
    """Say what is wrong with the name of a service, command, subscription, worker, schedule or resource.

    Letters, digits and underscores, starting with a letter, at most 63 characters: legal in each provider's function
    names once underscores are replaced, in HTTP paths, in IAM and in PURISTA.

    Example:
        >>> problem_of_word("close-account")
        "'-' is not allowed; use letters, digits and underscores, as in 'closeAccount'"
        >>> problem_of_word("closeAccount") is None
        True
    """
    return _problem(name, _WORD, "letters, digits and underscores, as in 'closeAccount'")


def problem_of_dotted(name: object) -> str | None:
    """Say what is wrong with the name of an event or a queue: words joined by dots or hyphens, at most 63 characters.

    Example:
        >>> problem_of_dotted("billing..due")
        "two separators follow each other; name the part between them, as in 'billing.cycleDue'"
    """
    problem = _problem(name, _DOTTED, "letters, digits, underscores, hyphens and dots, as in 'billing.cycleDue'")
    if problem is not None:
        return problem
    text = str(name)
    if any(pair in text for pair in ("..", ".-", "-.", "--")):
        return "two separators follow each other; name the part between them, as in 'billing.cycleDue'"
    if text[-1] in ".-":
        return f"it ends with {text[-1]!r}; end it with a letter or a digit"
    return None


def _problem(name: object, allowed: frozenset[str], hint: str) -> str | None:
    if not isinstance(name, str) or not name:
        return f"a name is a text that is not empty, not {name!r}; use {hint}"
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters; use {LONGEST_NAME} at most, which every provider accepts"
    if name[0] not in _LETTERS:
        return f"it starts with {name[0]!r}; start with a letter"
    wrong = next((character for character in name if character not in allowed), None)
    return None if wrong is None else f"{wrong!r} is not allowed; use {hint}"


def folded(name: str) -> str:
    """Give the form in which names are compared: upstream ignores case and surrounding space."""
    return name.strip().lower()


@cache
def slug(name: str) -> str:
    """Write a name in lower case with hyphens only, as most providers want it.

    Example:
        >>> slug("Billing.monthlyClosing_v2")
        'billing-monthly-closing-v2'
    """
    from re import sub

    # A word begins with a capital behind a small letter or a digit, and ends with whatever is neither.
    return sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "-", name).strip("-").lower()


def shorten(name: str, limit: int) -> str:
    """Cut a name to a limit; what is cut off lives on in a hash, so that different names stay different.

    The limit has to leave room for the hash: 10 characters at least.

    Raises:
        ValueError: The limit is below 10.

    Example:
        >>> shorten("short", 20)
        'short'
        >>> len(shorten("billing-monthly-closing-dead-letter", 20))
        20
    """
    if limit < 10:
        raise ValueError(f"a name cannot be shortened to {limit} characters and stay unique; 10 is the least")
    if len(name) <= limit:
        return name
    from hashlib import sha256

    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9].rstrip('-_.')}-{digest}"


def nearest(name: str, known: "Iterable[str]") -> str | None:
    """Give the known name that a wrong one most likely stands for."""
    from difflib import get_close_matches

    by_fold = {folded(candidate): candidate for candidate in sorted(known)}
    matches = get_close_matches(folded(name), list(by_fold), n=1)
    return by_fold[matches[0]] if matches else None


def did_you_mean(name: str, known: "Iterable[str]") -> str | None:
    """Ask whether the nearest known name was meant; ``None`` if none is near.

    Example:
        >>> did_you_mean("closeAcount", ["openAccount", "closeAccount"])
        "did you mean 'closeAccount'?"
    """
    found = nearest(name, known)
    return None if found is None else f"did you mean {found!r}?"
