"""The scheduler of a simulation: wakes at each slot and knocks at the schedule's gate."""

from typing import TYPE_CHECKING

from purista_serverless.errors import Unavailable
from purista_serverless.testing.faults import Crash, Instance
from purista_serverless.testing.host import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from purista_serverless.runtime.gate import Gate
    from purista_serverless.runtime.ports import Ports
    from purista_serverless.testing.clock import Timer, VirtualClock
    from purista_serverless.testing.faults import Faults

_RETRY_DELAY = 1_000


class Scheduler:
    """Knock at gates: at their slots, when a run's end asks for it, and again where a knock failed.

    Args:
        clock: The time.
        ports: The ways out of the gates, without faults.
        faults: What goes wrong.
    """

    def __init__(self, clock: "VirtualClock", ports: "Ports", faults: "Faults") -> None:
        self._clock = clock
        self._ports = ports
        self._faults = faults
        self._make: Callable[[Ports], Mapping[str, Gate]] = lambda _: {}
        self._gates: Mapping[str, Gate] = {}
        self._timers: dict[str, Timer] = {}
        self._pending = 0
        self.running = False

    @property
    def is_idle(self) -> bool:
        """Say whether no knock is due besides those at slots."""
        return self._pending == 0

    def use(self, make: "Callable[[Ports], Mapping[str, Gate]]") -> None:
        """Take the gates of an application; ``make`` makes them from ports."""
        self._make = make
        self._renew()
        if self.running:
            self.stop()
            self.start()

    def start(self) -> None:
        """Knock at every gate, which treats what was missed, and wake at their slots from now on."""
        self.running = True
        for name in tuple(self._gates):
            self.knock(name)

    def stop(self) -> None:
        """Wake no more."""
        self.running = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def restart(self) -> None:
        """Lose all memory and start again, if it ran."""
        was_running = self.running
        self.stop()
        self._renew()
        if was_running:
            self.start()

    def request(self, name: str, slot: int | None = None, delay: int = 0) -> None:
        """Knock soon; knocks that come while the scheduler is stopped are lost, its start makes up for them."""
        if not self.running:
            return
        self._pending += 1

        def knock() -> None:
            self._pending -= 1
            if self.running:
                self.knock(name, slot)

        self._clock.call_later(delay, knock)

    def knock(self, name: str, slot: int | None = None) -> None:
        """Knock now, and again a second later if that failed."""
        if name not in self._gates:
            return
        try:
            self._gates[name].knock(slot)
            if self.running:
                self._arm(name)
        except Unavailable:
            self.request(name, slot, _RETRY_DELAY)
        except Crash:
            self._renew()
            self.request(name, slot, _RETRY_DELAY)

    def _arm(self, name: str) -> None:
        """Wake when the gate says; what it said before is forgotten."""
        if name in self._timers:
            self._timers.pop(name).cancel()
        instant = self._gates[name].next_knock()
        if instant is not None:
            self._timers[name] = self._clock.call_at(instant, lambda: self.knock(name, instant))

    def _renew(self) -> None:
        self._gates = self._make(guard(self._ports, Instance(self._faults)))
