"""A fault that the suites need besides those of ``Faults``: one port that cannot be reached for a while."""

from purista_serverless.errors import Unavailable
from purista_serverless.testing.faults import Faults


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
