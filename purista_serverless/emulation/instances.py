"""The instances of a function: kept warm, more of them when one is busy, new ones after a crash."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Generic, Protocol, TypeVar

from purista_serverless.errors import Unavailable

# More processes than this would only be in each other's way on one machine.
MOST_INSTANCES = max(4, 2 * (os.cpu_count() or 1))


class Instance(Protocol):
    """A process that runs a function, started by its first use."""

    @property
    def process_id(self) -> int | None:
        """Give the id of its process, ``None`` if there is none."""
        ...

    def kill(self) -> None:
        """End the process with SIGKILL, whatever it does."""
        ...

    def stop(self) -> None:
        """End the process; the next use starts another."""
        ...


InstanceT = TypeVar("InstanceT", bound=Instance)


class Instances(Generic[InstanceT]):
    """Lends the instances of a function, each to one user at a time.

    Args:
        make: Makes an instance.
        name: Name of the function.
        limit: How many there may be; as many as this machine can take if that is fewer, or when omitted.
    """

    def __init__(self, make: Callable[[], InstanceT], *, name: str, limit: int | None = None) -> None:
        self._make = make
        self._name = name
        self._limit = min(limit or MOST_INSTANCES, MOST_INSTANCES)
        self._changed = Condition()
        self._idle: list[InstanceT] = []
        self._busy: list[InstanceT] = []
        self._outdated: list[InstanceT] = []
        self._is_closed = False

    @contextmanager
    def lend(self) -> Iterator[InstanceT]:
        """Lend an instance, when one is free.

        Raises:
            Unavailable: The function is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._idle or len(self._busy) < self._limit)
            if self._is_closed:
                raise Unavailable(f"function {self._name} is closed")
            # The one used last is the one that is warm.
            instance = self._idle.pop() if self._idle else self._make()
            self._busy.append(instance)
        try:
            yield instance
        finally:
            self._take_back(instance)

    def kill(self) -> tuple[int, ...]:
        """End, with SIGKILL, the processes that work on something; gives their ids."""
        with self._changed:
            busy = [(instance, instance.process_id) for instance in self._busy]
        for instance, _ in busy:
            instance.kill()
        return tuple(process_id for _, process_id in busy if process_id is not None)

    def reload(self) -> None:
        """Have every use from now on find the code as it is now: processes are started anew."""
        with self._changed:
            for instance in self._idle:
                instance.stop()
            self._outdated = [*self._busy]

    def close(self) -> None:
        """End all processes, and wait for whoever uses one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for instance in self._idle:
            instance.stop()
        self.kill()
        with self._changed:
            # Whoever was waiting for an answer is told, and stops the instance.
            self._changed.wait_for(lambda: not self._busy)

    def _take_back(self, instance: InstanceT) -> None:
        with self._changed:
            self._busy.remove(instance)
            self._idle.append(instance)
            if self._is_closed or instance in self._outdated:
                instance.stop()
                self._outdated = [one for one in self._outdated if one is not instance]
            self._changed.notify_all()
