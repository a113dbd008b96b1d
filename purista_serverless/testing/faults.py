"""What goes wrong in a simulation, from a seed or at one exact point."""

from random import Random
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_DELAY = 120_000


class Crash(BaseException):
    """The process died. No code of the kit and no handler may catch it, like a power cut."""


class Faults:
    """Faults with given probabilities, from 0 to 1, drawn from a seed.

    Args:
        seed: The same seed gives the same faults for the same program.
        crash: The process dies before or after a port call, so before or after each step of settling.
        unavailable: A port call raises ``Unavailable``, either without or after having acted.
        duplicate: A message is delivered a second time.
        reorder: A message overtakes others, unless they share an ordering key.
        delay: A message comes late, by up to two minutes.
        lease_lost: The broker gives a message to somebody else while its handler runs.
        phantom: The broker counts a delivery that nobody got.

    Example:
        >>> Faults(7, crash=0.05, duplicate=0.1)
        Faults(7, crash=0.05, duplicate=0.1)
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        crash: float = 0.0,
        unavailable: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        delay: float = 0.0,
        lease_lost: float = 0.0,
        phantom: float = 0.0,
    ) -> None:
        self.seed = seed
        self.crash = crash
        self.unavailable = unavailable
        self.duplicate = duplicate
        self.reorder = reorder
        self.delay = delay
        self.lease_lost = lease_lost
        self.phantom = phantom
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def __repr__(self) -> str:
        names = ("crash", "unavailable", "duplicate", "reorder", "delay", "lease_lost", "phantom")
        shown = "".join(f", {name}={getattr(self, name)}" for name in names if getattr(self, name))
        return f"Faults({self.seed}{shown})"

    def calm(self) -> None:
        """Let nothing go wrong from now on."""
        self.crash = self.unavailable = self.duplicate = self.reorder = self.delay = self.lease_lost = 0.0
        self.phantom = 0.0

    def before(self, call: str) -> None:
        """Fail before a port acts, or not."""
        self._strike(call, "before")

    def after(self, call: str) -> None:
        """Fail after a port acted, or not."""
        self._strike(call, "after")

    def is_duplicated(self) -> bool:
        """Say whether the next message is delivered twice."""
        return self._happens(self.duplicate)

    def is_phantom(self) -> bool:
        """Say whether the next delivery is counted twice."""
        return self._happens(self.phantom)

    def places_passed(self) -> int:
        """Say how many waiting messages the next one overtakes."""
        return self._random.randrange(1, 20) if self._happens(self.reorder) else 0

    def lateness(self) -> int:
        """Say how many milliseconds late the next message is."""
        return self._random.randrange(1, _LONGEST_DELAY) if self._happens(self.delay) else 0

    def lease_of(self, duration: int) -> int:
        """Say how many milliseconds of a lease's duration it really lasts."""
        return self._random.randrange(1, max(duration, 2)) if self._happens(self.lease_lost) else duration

    def _strike(self, call: str, moment: str) -> None:
        # Each call is struck at two moments, so that half of the probability belongs to each.
        if self._happens(self.crash / 2):
            raise Crash(f"{moment} {call}")
        if self._happens(self.unavailable / 2):
            raise Unavailable(f"the simulation makes {call} fail {moment} it acts")

    def _happens(self, probability: float) -> bool:
        # Nothing is drawn for what cannot happen, so that adding a kind of fault does not change a seed's meaning.
        return probability > 0.0 and self._random.random() < probability


class CrashAt(Faults):
    """Let the process die once, at exactly the n-th point; points are before and after each port call, from 1.

    To visit every point, repeat a program with ``CrashAt(1)``, ``CrashAt(2)``, … until ``fired`` stays false.

    Example:
        >>> faults = CrashAt(2)
        >>> faults.before("ledger.write")
        >>> faults.after("ledger.write")
        Traceback (most recent call last):
        purista_serverless.testing.faults.Crash: after ledger.write
        >>> faults.fired
        'after ledger.write'
    """

    def __init__(self, point: int) -> None:
        super().__init__(0)
        self.point = point
        self.passed = 0
        self.fired: str | None = None

    def __repr__(self) -> str:
        return f"CrashAt({self.point})"

    def _strike(self, call: str, moment: str) -> None:
        self.passed += 1
        if self.passed == self.point:
            self.fired = f"{moment} {call}"
            raise Crash(self.fired)


class Instance:
    """A running process as its ports see it: faults strike its calls, and once it is dead every call is in vain."""

    __slots__ = ("alive", "faults")

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.alive = True

    def before(self, call: str) -> None:
        """Let a call begin."""
        self.require_life()
        self.faults.before(call)

    def after(self, call: str) -> None:
        """Let a call return."""
        self.faults.after(call)

    def require_life(self) -> None:
        """Die again, if dead: what still unwinds must not reach the outside."""
        if not self.alive:
            raise Crash("the process is dead")


class Guarded:
    """A port whose calls go through an instance: ``Guarded(port, "ledger", instance)``."""

    def __init__(self, port: Any, name: str, instance: Instance) -> None:
        self._port = port
        self._name = name
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value
        call = f"{self._name}.{name}"
        # Kept, because the same call is made many times.
        guarded = self._awaited(value, call) if name == "ainvoke" else self._called(value, call)
        self.__dict__[name] = guarded
        return guarded

    def _called(self, method: "Callable[..., Any]", call: str) -> "Callable[..., Any]":
        def guarded(*arguments: Any, **options: Any) -> Any:
            self._instance.before(call)
            result = method(*arguments, **options)
            self._instance.after(call)
            return result

        return guarded

    def _awaited(self, method: "Callable[..., Any]", call: str) -> "Callable[..., Any]":
        async def guarded(*arguments: Any, **options: Any) -> Any:
            self._instance.before(call)
            result = await method(*arguments, **options)
            self._instance.after(call)
            return result

        return guarded
