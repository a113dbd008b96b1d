"""What every part of an emulated platform shares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from purista_serverless.emulation.activity import Activity
from purista_serverless.emulation.agenda import Agenda
from purista_serverless.emulation.clock import Clock

Log: TypeAlias = Callable[[str, str], None]
"""Takes the name of a function or of another part, and a line that it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The surroundings of a part.

    Attributes:
        clock: The time.
        agenda: Does things in time.
        activity: Told of what goes on.
        log: Takes what is worth reading.
    """

    clock: Clock
    agenda: Agenda
    log: Log
    activity: Activity = field(default_factory=Activity)

    def settle(self, seconds: float) -> None:
        """Wait until nothing goes on and nothing is due.

        Raises:
            TimeoutError: Something still goes on after that many seconds; says what.
        """
        self.activity.wait(seconds)
        # What is due may begin something, also on the agenda's own thread, which this call waits for.
        while self.agenda.run_due() or self.activity.is_busy:
            self.activity.wait(seconds)
