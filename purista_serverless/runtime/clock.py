"""The time of this machine."""

from time import time_ns


class SystemClock:
    """The wall clock; ports of deployed functions have it."""

    __slots__ = ()

    def now(self) -> int:
        """Give the milliseconds since the epoch."""
        return time_ns() // 1_000_000
