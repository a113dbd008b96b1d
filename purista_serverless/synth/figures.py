"""Figures as people read them."""

from datetime import timedelta

from purista_serverless.adapter import Limit

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SIZES = ((1 << 20, "MiB"), (1 << 10, "KiB"))


def duration_text(duration: timedelta) -> str:
    """Write a duration in its largest whole unit.

    Example:
        >>> duration_text(timedelta(minutes=15)), duration_text(timedelta(seconds=90)), duration_text(timedelta(0))
        ('15 min', '90 s', '0 s')
        >>> duration_text(timedelta(milliseconds=250))
        '0.25 s'
    """
    seconds = duration.total_seconds()
    for length, unit in _SPANS:
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:g} s"


def size_text(size: int) -> str:
    """Write a number of bytes.

    Example:
        >>> size_text(1048576), size_text(262144), size_text(10000000)
        ('1 MiB', '256 KiB', '10000000 bytes')
    """
    for length, unit in _SIZES:
        if size and size % length == 0:
            return f"{size // length} {unit}"
    return f"{size} bytes"


def limit_text(limit: Limit) -> str:
    """Write a limit with its source.

    Example:
        >>> limit_text(Limit("delay", 900, "s", source="Acme Queue, quotas"))
        '15 min (Acme Queue, quotas)'
    """
    return f"{_value_text(limit)} ({limit.source})"


def _value_text(limit: Limit) -> str:
    match limit.unit:
        case "s":
            return duration_text(timedelta(seconds=limit.value))
        case "B":
            return size_text(limit.value)
        case "characters":
            return f"{limit.value} characters"
        case "count":
            return str(limit.value)
