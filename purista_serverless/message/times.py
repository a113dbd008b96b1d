"""Times as platforms write them: ISO 8601, with their offset to UTC."""

from datetime import UTC, datetime

from purista_serverless.errors import BadEvent


def milliseconds_of(text: object) -> int:
    """Give a time in milliseconds since the epoch.

    Raises:
        BadEvent: It is none, or of no known offset to UTC.

    Example:
        >>> milliseconds_of("2027-01-01T01:00:00Z")
        1798765200000
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError as error:
        raise BadEvent(f"not a time in ISO 8601: {text!r}") from error
    if found is None or found.tzinfo is None:
        raise BadEvent(f"not a time in ISO 8601 with its offset to UTC: {text!r}")
    return round((found - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
