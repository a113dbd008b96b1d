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
