"""The jobs of Cloud Scheduler that an application's schedules are."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from purista_serverless.adapters.gcp.constants import MARK
from purista_serverless.adapters.gcp.plan.names import job_name
from purista_serverless.adapters.gcp.plan.resources import Deployment, Job, Topic, compact
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.adapters.gcp.schedules.failures import ask
from purista_serverless.adapters.gcp.stack.place import REGION_VARIABLE, place_of
from purista_serverless.errors import DeclarationError, MissingExtra, Unavailable
from purista_serverless.synth.reconciliation import KeptSchedule

if TYPE_CHECKING:
    from purista_serverless.synth.blueprint import Blueprint
    from purista_serverless.synth.reconciliation import ProviderScheduler

T = TypeVar("T")

EMULATOR = "CLOUD_SCHEDULER_EMULATOR_HOST"

# The client repeats reads by itself, and writes never: each of ours can be repeated, as it says how things shall be.
_ATTEMPTS = 4
_FIRST_PAUSE = 1.0

# Fields of a kept schedule, by the member of a job that an update has to name.
_MEMBERS = {
    "cron": "schedule",
    "timezone": "time_zone",
    "topic": "pubsub_target",
    "data": "pubsub_target",
    "attributes": "pubsub_target",
    "retries": "retry_config",
    "description": "description",
}
_STATE = "state"
_ENABLED, _PAUSED = "enabled", "paused"


@contextmanager
def open_scheduler(
    blueprint: "Blueprint",
    stack: str | None,
    *,
    client: Any = None,
    environment: Mapping[str, str] = os.environ,
    pause: Callable[[float], None] = time.sleep,
) -> "Iterator[ProviderScheduler]":
    """Open the jobs of an application's schedules.

    Args:
        blueprint: The application, planned.
        stack: Prefix of what is deployed; the plan's own when omitted.
        client: A ``CloudSchedulerClient``; one with the process' credentials when omitted.
        environment: Where ``GOOGLE_CLOUD_PROJECT`` and ``GOOGLE_CLOUD_REGION`` are read.
        pause: Waits for some seconds before something is tried again.

    Raises:
        DeclarationError: Nothing says which project or region.
        MissingExtra: Google's client is not installed.
    """
    plan: Deployment = blueprint.plan
    place = place_of(plan, stack, environment)
    if place.region is None:
        raise DeclarationError(f"nothing names the region of Google Cloud; set {REGION_VARIABLE}")
    yield CloudScheduler(plan, place.values, client if client is not None else _client(environment), pause)


def _client(environment: Mapping[str, str]) -> Any:
    try:
        from google.cloud.scheduler_v1 import CloudSchedulerClient
    except ModuleNotFoundError as error:
        raise MissingExtra("google-cloud-scheduler", "gcp") from error
    host = environment.get(EMULATOR)
    if host is None:
        return ask(CloudSchedulerClient, "opening Cloud Scheduler")
    import grpc
    from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerGrpcTransport

    # An endpoint alone would be spoken to with TLS.
    return CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=grpc.insecure_channel(host)))


class CloudScheduler:
    """Keep an application's schedules as jobs of Cloud Scheduler.

    Args:
        plan: What is deployed.
        values: Its ``project``, ``region`` and ``prefix``.
        client: A ``CloudSchedulerClient``.
        pause: Waits for some seconds before something is tried again.
    """

    def __init__(
        self, plan: Deployment, values: Mapping[str, str], client: Any, pause: Callable[[float], None]
    ) -> None:
        self._plan = plan
        self._values = values
        self._client = client
        self._pause = pause
        self._parent = f"projects/{values['project']}/locations/{values['region']}"

    @property
    def place(self) -> str:
        """Give project and region."""
        return f"{self._values['project']}/{self._values['region']}"

    def wanted(self) -> Sequence[KeptSchedule]:
        """Give the planned jobs."""
        resources = (*self._plan.resources, *self._plan.apart)
        topics = {one.id: fill(one.path, self._values) for one in resources if isinstance(one, Topic)}
        return [self._wanted(one, topics[one.topic]) for one in resources if isinstance(one, Job)]

    def _wanted(self, job: Job, topic: str) -> KeptSchedule:
        origin = job.declared.origin
        return KeptSchedule(
            name=f"{self._values['prefix']}-{job.name}",
            schedule=job.schedule,
            where=f"{job.declared.name} ({origin.file}:{origin.line})",
            fields={
                "cron": job.cron,
                "timezone": job.timezone,
                "topic": topic,
                "data": job.data,
                "attributes": compact(dict(sorted(job.attributes))),
                "retries": job.retries,
                "description": job.description,
                _STATE: _ENABLED if job.is_enabled else _PAUSED,
            },
        )

    def kept(self) -> Iterator[KeptSchedule]:
        """Give all jobs of the region."""
        jobs = ask(lambda: list(self._client.list_jobs(parent=self._parent)), f"listing the jobs of {self.place}")
        return (self._kept(job) for job in jobs)

    def _kept(self, job: Any) -> KeptSchedule:
        target, name = job.pubsub_target, job.name.rpartition("/")[2]
        return KeptSchedule(
            name=name,
            schedule=self._owner(name, target),
            fields={
                "cron": job.schedule,
                "timezone": job.time_zone,
                "topic": target.topic_name,
                "data": target.data.decode(errors="replace"),
                "attributes": compact(dict(sorted(target.attributes.items()))),
                "retries": job.retry_config.retry_count,
                "description": job.description,
                _STATE: _state_of(job),
            },
        )

    def _owner(self, name: str, target: Any) -> str:
        """Give the schedule that a job is of; none if it is not of this application, deployed under this prefix.

        What a job publishes names the schedule, and its topic begins with the prefix, as its own name does. Another
        prefix may begin with ours, so that what follows ours has to be the schedule's.
        """
        try:
            sent = json.loads(target.data)
        except ValueError:
            return ""
        if not isinstance(sent, dict) or MARK not in sent or not isinstance(sent.get("schedule"), str):
            return ""
        begin, schedule = f"{self._values['prefix']}-", sent["schedule"]
        stem = re.escape(begin + job_name(schedule))
        is_ours = re.fullmatch(rf"{stem}(-[0-9]+)?", name) and target.topic_name.rpartition("/")[2].startswith(begin)
        return schedule if is_ours else ""

    def create(self, schedule: KeptSchedule) -> None:
        """Make a job; one that is there already, since a first try succeeded unheard, is brought to the same."""
        job = self._job(schedule)

        def make() -> Any:
            from google.api_core.exceptions import AlreadyExists

            try:
                return self._client.create_job(parent=self._parent, job=job)
            except AlreadyExists:
                return self._client.update_job(job=job)

        self._switch(self._write(make, "creating", schedule), schedule)

    def update(self, schedule: KeptSchedule, changed: Sequence[str]) -> None:
        """Change a job's members, and pause or resume it."""
        job = self._job(schedule)
        paths = sorted({_MEMBERS[name] for name in changed if name != _STATE})

        def change() -> Any:
            if not paths:
                return self._client.get_job(name=job.name)
            return self._client.update_job(job=job, update_mask={"paths": paths})

        self._switch(self._write(change, "updating", schedule), schedule)

    def delete(self, schedule: KeptSchedule) -> None:
        """Delete a job; one that is gone already is no error."""

        def drop() -> None:
            from google.api_core.exceptions import NotFound

            try:
                self._client.delete_job(name=f"{self._parent}/jobs/{schedule.name}")
            except NotFound:
                return

        self._write(drop, "deleting", schedule)

    def _switch(self, job: Any, schedule: KeptSchedule) -> None:
        """Pause or resume a job that is in the other state: one that is in this state already would be refused."""
        if _state_of(job) == schedule.fields[_STATE]:
            return
        is_paused = schedule.fields[_STATE] == _PAUSED
        switch = self._client.pause_job if is_paused else self._client.resume_job

        def turn() -> None:
            from google.api_core.exceptions import FailedPrecondition

            try:
                switch(name=job.name)
            except FailedPrecondition:
                # A first try may have succeeded unheard.
                if _state_of(self._client.get_job(name=job.name)) != schedule.fields[_STATE]:
                    raise

        self._write(turn, "pausing" if is_paused else "resuming", schedule)

    def _job(self, schedule: KeptSchedule) -> Any:
        from google.cloud.scheduler_v1 import Job as CloudJob

        fields: Mapping[str, Any] = schedule.fields
        return CloudJob(
            name=f"{self._parent}/jobs/{schedule.name}",
            description=fields["description"],
            schedule=fields["cron"],
            time_zone=fields["timezone"],
            retry_config={"retry_count": fields["retries"]},
            pubsub_target={
                "topic_name": fields["topic"],
                "data": fields["data"].encode(),
                "attributes": json.loads(fields["attributes"]),
            },
        )

    def _write(self, call: Callable[[], T], doing: str, schedule: KeptSchedule) -> T:
        """Make a call that changes something, again where the service was out of reach."""
        for attempt in range(_ATTEMPTS - 1):
            try:
                return ask(call, f"{doing} job {schedule.name}")
            except Unavailable:
                self._pause(_FIRST_PAUSE * 2**attempt)
        return ask(call, f"{doing} job {schedule.name}")


def _state_of(job: Any) -> str:
    return _PAUSED if job.state == type(job).State.PAUSED else _ENABLED
