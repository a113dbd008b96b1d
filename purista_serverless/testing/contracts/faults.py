"""Faults that the suites need besides those of ``Faults``: a port out of reach, and another process in between."""

from typing import TYPE_CHECKING

from purista_serverless.errors import Unavailable
from purista_serverless.testing.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable


class Unreachable(Faults):
    """Let the first calls of one port's method fail without acting.

    Args:
        call: Port and method, ``events.publish`` for instance.
        times: How many calls fail.
    """

    def __init__(self, call: str, *, times: int) -> None:
        super().__init__(0)
        self.call = call
        self.times = times

    def before(self, call: str) -> None:
        """Fail if it is the port's turn."""
        if call == self.call and self.times > 0:
            self.times -= 1
            raise Unavailable(f"{call} cannot be reached, {self.times} more failures to come")


class Meanwhile(Faults):
    """Let something else happen at exactly the n-th point; points are before and after each port call, from 1.

    It stands for another process that does all of its work between two steps of this one. To visit every point, repeat
    a program with points 1, 2, … until ``fired`` stays false.
    """

    def __init__(self, point: int) -> None:
        super().__init__(0)
        self.point = point
        self.passed = 0
        self.fired: str | None = None
        self.act: Callable[[], None] = lambda: None

    def before(self, call: str) -> None:
        """Act if this is the point."""
        self._pass(f"before {call}")

    def after(self, call: str) -> None:
        """Act if this is the point."""
        self._pass(f"after {call}")

    def _pass(self, moment: str) -> None:
        self.passed += 1
        if self.passed == self.point:
            self.fired = moment
            self.act()
