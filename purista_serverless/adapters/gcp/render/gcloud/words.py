"""Texts of a plan as words of a shell."""

import re
from collections.abc import Callable
from shlex import quote

from purista_serverless.adapters.gcp.plan.resources import Sub, Text

_PLACE = re.compile(r"\$\{([a-z]+(?:\.[^}]+)?)\}")
# A name goes on with these, so that it has to be put into braces before them.
_GOES_ON = re.compile(r"\w")
_UNNAMED = re.compile(r"\W")
# Of the deployment itself, not given by who deploys.
ACCOUNTS = "ACCOUNTS"


def variable_of(name: str) -> str:
    """Give the shell's name of a variable of the plan.

    Example:
        >>> variable_of("prefix"), variable_of("config.smtp.host")
        ('PREFIX', 'CONFIG_smtp_host')
    """
    kind, dot, rest = name.partition(".")
    return kind.upper() + dot.replace(".", "_") + _UNNAMED.sub("_", rest)


def escaped_variable_of(name: str) -> str:
    """Give the shell's name of the same value with JSON's escapes."""
    return f"JSON_{variable_of(name)}"


def word(text: Text) -> str:
    """Write a text as one word.

    Example:
        >>> print(word(Sub("projects/${project}/topics/${prefix}-orders")))
        "projects/$PROJECT/topics/$PREFIX-orders"
        >>> print(word("it's"))
        'it'"'"'s'
    """
    return f'"{_filled(text, _in_quotes)}"' if isinstance(text, Sub) else quote(text)


def named(name: str) -> str:
    """Write a name with the prefix before it as one word."""
    return word(Sub(f"${{prefix}}-{name}"))


def line(text: Text) -> str:
    """Write a text as it stands in a document that the shell expands.

    Example:
        >>> print(line(Sub('{"queue":"${prefix}-packing"}')))
        {"queue":"$PREFIX-packing"}
    """
    return _filled(text, _in_document) if isinstance(text, Sub) else _in_document(text)


def flag(name: str, text: Text) -> str:
    """Write a flag with its value as one word.

    Example:
        >>> print(flag("--service-account", Sub("${prefix}-a@${project}.iam.gserviceaccount.com")))
        --service-account="$PREFIX-a@$PROJECT.iam.gserviceaccount.com"
    """
    return f"{name}={word(text)}"


def one_line(text: str) -> str:
    """Write a text without the ends of its lines, for what lists one thing per line."""
    return " ".join(text.split())


def _filled(text: Sub, escaped: Callable[[str], str]) -> str:
    written, end = [], 0
    for place in _PLACE.finditer(text):
        written.append(escaped(text[end : place.start()]))
        end = place.end()
        written.append(_value(place[1], text[end : end + 1]))
    return "".join([*written, escaped(text[end:])])


def _value(name: str, follows: str) -> str:
    variable = escaped_variable_of(name) if "." in name else variable_of(name)
    return f"${{{variable}}}" if _GOES_ON.match(follows) else f"${variable}"


def _in_quotes(text: str) -> str:
    return _in_document(text).replace('"', '\\"')


def _in_document(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("`", "\\`")
