"""A deployment whose schedules are managed apart: its clock fires what ``schedules apply`` has made of them."""

import json
from dataclasses import replace
from typing import Any

from purista_serverless.adapters.gcp.plan.resources import Job
from purista_serverless.adapters.gcp.schedules.scheduler import CloudScheduler
from purista_serverless.synth.reconciliation import KeptSchedule, carry_out, compare
from tests.contracts.gcp.broker import Broker
from tests.contracts.gcp.project import Project


class AppliedProject(Project):
    """A project whose jobs are those of Cloud Scheduler, once all of them were applied and pruned.

    Args:
        broker: Where topics and subscriptions are made.
        client: Google's client of Cloud Scheduler.
    """

    def __init__(self, broker: Broker, client: Any) -> None:
        super().__init__(broker)
        self._client = client

    def jobs(self) -> tuple[Job, ...]:
        """Apply what is planned, and give what Cloud Scheduler has."""
        scheduler = CloudScheduler(self.plan, self.place.values, self._client, pause=lambda _seconds: None)
        carry_out(compare(scheduler), scheduler)
        kept = {one.name: one for one in scheduler.kept() if one.schedule}
        return tuple(_kept(job, kept.pop(f"{self.place.prefix}-{job.name}")) for job in super().jobs())


def _kept(planned: Job, kept: KeptSchedule) -> Job:
    fields: Any = kept.fields
    return replace(
        planned,
        cron=fields["cron"],
        timezone=fields["timezone"],
        data=fields["data"],
        attributes=tuple(sorted(json.loads(fields["attributes"]).items())),
        is_enabled=fields["state"] == "enabled",
    )
