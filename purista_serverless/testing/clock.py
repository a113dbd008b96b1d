"""A clock that stands still until it is moved, and the timers that it fires on its way."""

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(moment: datetime | timedelta | int) -> int:
    """Give an aware instant as milliseconds since the epoch, or a duration in milliseconds; a number as it is.

    Example:
        >>> to_milliseconds(timedelta(seconds=2))
        2000
    """
    if isinstance(moment, int):
        return moment
    if isinstance(moment, timedelta):
        return moment // _MILLISECOND
    if moment.utcoffset() is None:
        raise ValueError(
            f"{moment!r} has no time zone; pass an aware datetime such as datetime(2026, 1, 1, tzinfo=UTC)"
        )
    return (moment - _EPOCH) // _MILLISECOND


def to_datetime(milliseconds: int) -> datetime:
    """Give milliseconds since the epoch as an instant in UTC."""
    return _EPOCH + milliseconds * _MILLISECOND


class Timer:
    """A call at an instant; ``cancel`` makes it not happen."""

    __slots__ = ("at", "call", "order")

    def __init__(self, at: int, order: int, call: "Callable[[], object]") -> None:
        self.at = at
        self.order = order
        self.call: Callable[[], object] | None = call

    def __lt__(self, other: "Timer") -> bool:
        return (self.at, self.order) < (other.at, other.order)

    def cancel(self) -> None:
        """Have the call not happen."""
        self.call = None


class VirtualClock:
    """Time that only a test moves, in whole milliseconds; a ``Clock`` for the ports.

    Timers fire in the order of their time, and those of one time in the order in which they were set. While a timer's
    call runs, ``now`` is the timer's time.

    Args:
        start: The first instant: an aware datetime, or milliseconds since the epoch.

    Example:
        >>> clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        >>> clock.advance(timedelta(hours=1))
        >>> clock.instant
        datetime.datetime(2026, 1, 1, 1, 0, tzinfo=datetime.timezone.utc)
    """

    __slots__ = ("_now", "_order", "_timers")

    def __init__(self, start: datetime | int) -> None:
        self._now = to_milliseconds(start)
        self._order = 0
        self._timers: list[Timer] = []

    def now(self) -> int:
        """Give the milliseconds since the epoch."""
        return self._now

    @property
    def instant(self) -> datetime:
        """Give the time as an aware ``datetime`` in UTC."""
        return to_datetime(self._now)

    def call_at(self, at: int, call: "Callable[[], object]") -> Timer:
        """Have something called at a time in milliseconds; now, if that has passed."""
        self._order += 1
        timer = Timer(max(at, self._now), self._order, call)
        heappush(self._timers, timer)
        return timer

    def call_later(self, delay: int, call: "Callable[[], object]") -> Timer:
        """Have something called after ``delay`` milliseconds."""
        return self.call_at(self._now + delay, call)

    def next_at(self) -> int | None:
        """Give the time of the next timer, ``None`` if there is none."""
        while self._timers and self._timers[0].call is None:
            heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def run_next(self) -> bool:
        """Move to the next timer and fire it; say whether there was one."""
        if self.next_at() is None:
            return False
        timer = heappop(self._timers)
        self._now = timer.at
        call, timer.call = timer.call, None
        if call is not None:
            call()
        return True

    def run_until(self, at: int) -> None:
        """Fire all timers up to and including a time in milliseconds, and stand there."""
        while (due := self.next_at()) is not None and due <= at:
            self.run_next()
        self._now = max(self._now, at)

    def advance(self, duration: timedelta | int) -> None:
        """Let time pass, a duration or milliseconds, firing what is due."""
        self.run_until(self._now + to_milliseconds(duration))
