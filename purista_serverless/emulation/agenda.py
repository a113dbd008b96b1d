"""What is to happen at its time, by the clock of an emulator."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from threading import Condition, RLock, Thread
from typing import TypeAlias

from purista_serverless.emulation.clock import Clock

Action: TypeAlias = Callable[[], None]


class Agenda:
    """Does things when they are due, in the order of their times, on a thread of its own.

    Whoever moves a virtual clock calls ``run_due``, which returns when all that was due is done.

    Args:
        clock: The time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = Condition()
        # Held while something is done: what is due is done once, in order, whoever looks.
        self._doing = RLock()
        self._entries: list[tuple[datetime, int, Action]] = []
        self._numbers = count()
        self._is_stopped = False
        self._thread = Thread(target=self._run, name="agenda", daemon=True)

    def at(self, instant: datetime, action: Action) -> None:
        """Have something done at an instant, at once if that has passed; it must not raise."""
        with self._changed:
            heappush(self._entries, (instant, next(self._numbers), action))
            self._changed.notify_all()

    def next(self) -> datetime | None:
        """Give when the next thing is due, ``None`` if there is none."""
        with self._changed:
            return self._entries[0][0] if self._entries else None

    def run_due(self) -> bool:
        """Do all that is due; say whether that was anything."""
        with self._doing:
            has_done = False
            while (action := self._due()) is not None:
                action()
                has_done = True
            return has_done

    def start(self) -> None:
        """Begin to do things by the clock."""
        self._thread.start()

    def stop(self) -> None:
        """Do nothing more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _due(self) -> Action | None:
        with self._changed:
            if self._is_stopped or not self._entries or self._entries[0][0] > self._clock.now():
                return None
            return heappop(self._entries)[2]

    def _run(self) -> None:
        while not self._is_stopped:
            self.run_due()
            with self._changed:
                if self._is_stopped:
                    return
                self._changed.wait(self._rest())

    def _rest(self) -> float | None:
        if not self._entries:
            return None
        return max((self._entries[0][0] - self._clock.now()).total_seconds(), 0.0)
