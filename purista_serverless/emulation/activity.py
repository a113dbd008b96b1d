"""What is going on in an emulator, so that others can wait until nothing is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Activity:
    """Counts what has begun and not ended."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open: Counter[str] = Counter()

    def begin(self, what: str) -> None:
        """Note that something has begun."""
        with self._changed:
            self._open[what] += 1

    def end(self, what: str) -> None:
        """Note that one of those has ended."""
        with self._changed:
            self._open[what] -= 1
            if not self._open[what]:
                del self._open[what]
            self._changed.notify_all()

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Note that something goes on inside the block."""
        self.begin(what)
        try:
            yield
        finally:
            self.end(what)

    @property
    def is_busy(self) -> bool:
        """Say whether anything goes on."""
        with self._changed:
            return bool(self._open)

    def wait(self, seconds: float) -> None:
        """Wait until nothing goes on.

        Raises:
            TimeoutError: Something still does after that many seconds; says what.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, seconds):
                raise TimeoutError(f"after {seconds:g} s this still goes on: {', '.join(sorted(self._open))}")
