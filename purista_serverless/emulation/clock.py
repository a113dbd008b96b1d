"""The time of an emulated platform: this machine's, or one that goes on by itself and can be moved ahead."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from purista_serverless.errors import DeclarationError


class Clock(Protocol):
    """Tells the time."""

    is_virtual: bool

    def now(self) -> datetime:
        """Give the time, in UTC."""
        ...


class WallClock:
    """The time of this machine."""

    is_virtual = False

    def now(self) -> datetime:
        """Give the time, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that begins at a given time, ticks, and is moved ahead by whoever holds it.

    Args:
        start: Its first instant, aware.

    Raises:
        DeclarationError: ``start`` has no time zone.

    Example:
        >>> clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        >>> clock.move_to(datetime(2026, 2, 1, tzinfo=UTC))
        >>> f"{clock.now():%Y-%m-%d}"
        '2026-02-01'
    """

    is_virtual = True

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise DeclarationError(f"{start.isoformat()} has no time zone; give start=datetime(..., tzinfo=UTC)")
        self._base = start.astimezone(UTC)
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Give the time, in UTC."""
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def move_to(self, instant: datetime) -> None:
        """Move ahead to an instant; one that has passed changes nothing."""
        if instant > self.now():
            self._base, self._since = instant.astimezone(UTC), time.monotonic()
