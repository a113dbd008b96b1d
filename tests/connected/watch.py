"""What can be seen of an application from outside, wherever it runs: dead letters, records and events."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

# What takes longer than this, in seconds, hangs.
PATIENCE = 120

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter as it is kept."""

    body: Mapping[str, Any]
    attributes: Mapping[str, str]


class Watch(ABC):
    """Looks at a platform; from its beginning on it sees every event.

    Attributes:
        events: The envelopes seen so far, by the name of the event, in the order of their arrival; repeated ones too.
    """

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []

    @abstractmethod
    def emit(self, name: str, envelope: Mapping[str, Any]) -> None:
        """Send an event, as another system would."""

    @abstractmethod
    def records(self, partition: str) -> dict[str, Mapping[str, Any]]:
        """Give the fields of all records of a partition, such as ``queue:jobs``, by the rest of their keys."""

    @abstractmethod
    def letters(self, edge: str) -> list[Letter]:
        """Give the dead letters of an edge, without taking them."""

    @abstractmethod
    def waiting(self) -> Mapping[str, int]:
        """Give how many messages wait or are worked on, by where they are, where there are some.

        Gates are left out: while a run is open each keeps a message, which wakes it when the run is too old.
        """

    @abstractmethod
    def buried(self) -> Mapping[str, int]:
        """Give how many dead letters each edge has that has some."""

    @abstractmethod
    def listen(self) -> None:
        """Note the events that come within a second."""

    def payloads(self, name: str) -> list[Any]:
        """Give the payloads of the events of a name; of one that came twice only one."""
        found = {envelope["id"]: envelope["payload"] for seen, envelope in self.events if seen == name}
        return list(found.values())

    def wait_for(self, look: Callable[[], T], what: str) -> T:
        """Look until there is something, and give it.

        Raises:
            AssertionError: There is nothing after ``PATIENCE`` seconds.
        """
        deadline = monotonic() + PATIENCE
        while not (found := look()):
            assert monotonic() < deadline, f"waited for {what}; waiting={self.waiting()} buried={self.buried()}"
            self.listen()
        return found
