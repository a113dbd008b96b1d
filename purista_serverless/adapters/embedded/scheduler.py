"""The scheduler: knocks at the gates of schedules, at their slots and when the end of a run asks for it.

Several processes may have one. Whoever knocks, the gate starts each slot once.
"""

import logging
from math import inf
from typing import TYPE_CHECKING

from purista_serverless.adapters.embedded.ports import GATE
from purista_serverless.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.embedded.store import Store
    from purista_serverless.runtime.gate import Gate, GateReport

LOGGER = logging.getLogger("purista_serverless.embedded")

# A knock that failed is repeated after this time; one whose process died, when this lease has run out. In milliseconds.
_AGAIN = 1_000
_LEASE = 60_000

_REQUESTED = "SELECT DISTINCT edge FROM message WHERE edge >= 'gate:' AND edge < 'gate;' AND state = 0 AND due <= ?"


class Scheduler:
    """Knock at gates. The first step knocks at each of them, which treats the slots that were missed.

    Args:
        store: The file, in which knocks are asked for.
        gates: The gates, by the names of their schedules.
    """

    def __init__(self, store: "Store", gates: "Mapping[str, Gate]") -> None:
        self._store = store
        self._gates = gates
        self._next: dict[str, float] = dict.fromkeys(gates, 0)
        self._slots: dict[str, int | None] = {}

    @property
    def next_at(self) -> float:
        """Give when the next slot is due, in milliseconds since the epoch; infinity if none is."""
        return min(self._next.values(), default=inf)

    def step(self) -> float:
        """Knock where it is time, and give when to come back; infinity for not before a knock is asked for."""
        self._knock_requested()
        now = self._store.clock.now()
        for name in [name for name, at in self._next.items() if at <= now]:
            self._wake(name)
        return self.next_at

    def is_asked(self) -> bool:
        """Say whether a knock is asked for."""
        return bool(self._requested())

    def knock(self, name: str, slot: int | None = None) -> "GateReport | None":
        """Knock at a gate now; ``None`` if its ports could not be reached."""
        try:
            return self._gates[name].knock(slot)
        except Unavailable:
            LOGGER.warning("schedule %s: the knock failed and is repeated", name, exc_info=True)
            return None

    def _wake(self, name: str) -> None:
        if self.knock(name, self._slots.get(name)) is None:
            self._next[name] = self._store.clock.now() + _AGAIN
        else:
            self._arm(name)

    def _arm(self, name: str) -> None:
        """Ask the gate when to come back, which every knock may change."""
        try:
            upcoming = self._gates[name].next_knock()
        except Unavailable:
            # Not known: knock again soon, which is harmless.
            self._next[name] = self._store.clock.now() + _AGAIN
            return
        self._slots[name] = upcoming
        self._next[name] = inf if upcoming is None else upcoming

    def _knock_requested(self) -> None:
        for name in self._requested():
            for leased in self._store.lease(GATE + name, _LEASE):
                if self.knock(name) is None:
                    self._store.release(leased, _AGAIN)
                    continue
                self._store.acknowledge(leased)
                self._arm(name)

    def _requested(self) -> list[str]:
        """Name our schedules that somebody asks to be knocked at; those of other applications are left to them."""
        edges = self._store.read(_REQUESTED, (self._store.clock.now(),))
        return [name for (edge,) in edges if (name := edge.removeprefix(GATE)) in self._gates]
