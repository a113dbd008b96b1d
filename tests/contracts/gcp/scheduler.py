"""Cloud Scheduler, which has no emulator: the jobs of a deployment, on the virtual clock.

A slot that comes while the service is away is delivered late, when it is back; of several slots of one job the newest
is enough for a gate, which looks at all that are due.
"""

from collections.abc import Callable
from datetime import datetime

from purista_serverless.adapters.gcp.plan.resources import Job
from purista_serverless.schedule.expressions import Cron, DstPolicy
from purista_serverless.schedule.occurrences import Occurrences
from purista_serverless.testing.clock import Timer, VirtualClock, to_milliseconds

# What the documents say of skipped and repeated times: no run, and two.
_NATIVE = DstPolicy("skip", "both")


class Scheduler:
    """Fires jobs at their slots, to the second.

    Args:
        clock: The time.
        fire: Publishes what a job has to say.
    """

    def __init__(self, clock: VirtualClock, fire: Callable[[Job], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._jobs: dict[str, Job] = {}
        self._since: dict[str, datetime] = {}
        self._timers: dict[str, Timer] = {}
        self._is_away = False

    def use(self, jobs: tuple[Job, ...]) -> None:
        """Take the jobs of a deployment; those that are as they were go on."""
        enabled = {job.id: job for job in jobs if job.is_enabled}
        for id, job in enabled.items():
            before = self._jobs.get(id)
            if before is None or (before.cron, before.timezone) != (job.cron, job.timezone):
                self._since[id] = self._clock.instant
        self._jobs = enabled
        self._arm_all()

    def stop(self) -> None:
        """Be away: nothing fires."""
        self._is_away = True
        self._arm_all()

    def start(self) -> None:
        """Be back, and deliver late what is missing."""
        self._is_away = False
        for id, job in self._jobs.items():
            missed = _slots_of(job).newest(self._since[id], self._clock.instant, 1)
            if missed:
                self._deliver(job, missed[-1])
        self._arm_all()

    def _arm_all(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if not self._is_away:
            for job in self._jobs.values():
                self._arm(job)

    def _arm(self, job: Job) -> None:
        slot = _slots_of(job).next_after(self._since[job.id])
        if slot is not None:
            self._timers[job.id] = self._clock.call_at(to_milliseconds(slot), lambda: self._fire_and_arm(job, slot))

    def _fire_and_arm(self, job: Job, slot: datetime) -> None:
        self._deliver(job, slot)
        self._arm(job)

    def _deliver(self, job: Job, slot: datetime) -> None:
        self._since[job.id] = slot
        self._fire(job)


def _slots_of(job: Job) -> Occurrences:
    return Occurrences(Cron(job.cron), job.timezone, _NATIVE)
