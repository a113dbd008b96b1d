"""Cloud Scheduler: publishes what its jobs say, by the clock of the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException

from purista_serverless.adapters.gcp.emulator.pubsub import PubSub, encoded
from purista_serverless.adapters.gcp.plan.resources import Job
from purista_serverless.emulation.platform import Platform
from purista_serverless.errors import ProviderRefused
from purista_serverless.naming import did_you_mean
from purista_serverless.schedule.expressions import Cron
from purista_serverless.schedule.occurrences import Occurrences


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    job: Job
    topic: str
    slots: Occurrences


class Scheduler:
    """Fires jobs.

    Args:
        jobs: The jobs, each with the full name of its topic.
        pubsub: Where they publish.
        platform: Fires in time, and takes a line for each message that cannot be published.
    """

    def __init__(self, jobs: Mapping[Job, str], pubsub: PubSub, platform: Platform) -> None:
        self._jobs = [
            _Timed(job=job, topic=topic, slots=Occurrences(Cron(job.cron), job.timezone)) for job, topic in jobs.items()
        ]
        self._pubsub = pubsub
        self._clock = platform.clock
        self._agenda = platform.agenda
        self._log = platform.log

    def start(self) -> None:
        """Wait for the next slot of each job that is enabled."""
        for timed in self._jobs:
            if timed.job.is_enabled:
                self._wait(timed, self._clock.now())

    def fire(self, schedule: str, slot: datetime) -> None:
        """Fire the job of a schedule for a slot, whatever its timetable and its state say; as often as it is called.

        Raises:
            LookupError: There is no such schedule; says which one was probably meant.
        """
        found = [timed for timed in self._jobs if timed.job.schedule == schedule]
        if not found:
            known = [timed.job.schedule for timed in self._jobs]
            raise LookupError(f"there is no job of {schedule!r}; {did_you_mean(schedule, known) or 'none is near'}")
        self._fire(found[0], slot.astimezone(UTC))

    def _wait(self, timed: _Timed, instant: datetime) -> None:
        slot = timed.slots.next_after(instant)
        if slot is not None:
            at = slot.astimezone(UTC)
            self._agenda.at(at, lambda: self._fire_and_wait(timed, at))

    def _fire_and_wait(self, timed: _Timed, slot: datetime) -> None:
        self._fire(timed, slot)
        self._wait(timed, slot)

    def _fire(self, timed: _Timed, slot: datetime) -> None:
        job = timed.job
        try:
            self._pubsub.publish(timed.topic, encoded(job.data), dict(job.attributes), at=slot)
        except (OSError, HTTPException, ProviderRefused) as error:
            self._log(job.name, f"the job could not publish: {error}")
