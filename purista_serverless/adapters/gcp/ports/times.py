"""Times as Google's APIs spell them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp_of(milliseconds: int) -> str:
    """Give a time in RFC 3339, to the millisecond.

    Example:
        >>> timestamp_of(1_790_000_000_250)
        '2026-09-21T14:13:20.250Z'
    """
    time = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1_000:03d}Z"


def milliseconds_of(timestamp: str) -> int:
    """Give a time in RFC 3339 in milliseconds since the epoch, rounded down.

    Raises:
        ValueError: It is no such time.

    Example:
        >>> milliseconds_of("2026-09-21T14:13:20.250123999Z")
        1790000000250
    """
    whole, _, fraction = timestamp.removesuffix("Z").partition(".")
    time = datetime.fromisoformat(whole + "+00:00" if timestamp.endswith("Z") else whole)
    return int((time - _EPOCH) / timedelta(milliseconds=1)) + int(f"{fraction:0<3}"[:3] or 0)
