"""Schedules that are managed apart: jobs of Cloud Scheduler, reached by Google's own client over gRPC."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.cloud import scheduler_v1

from purista_serverless import Application, Cron, Interval, Model, ServiceBuilder
from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.schedules.scheduler import EMULATOR, open_scheduler
from purista_serverless.adapters.gcp.stack.place import PROJECT_VARIABLE, REGION_VARIABLE
from purista_serverless.errors import CheckFailed, DeclarationError, ProviderRefused, Unavailable
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.reconciliation import ProviderScheduler, carry_out, compare
from tests.unit.gcp.schedules.cloud_scheduler import CloudScheduler, served

PARENT = "projects/acme/locations/europe-west1"
NIGHTLY = Cron("0 3 * * *")
Kept = dict[str, tuple[str, str]]


class Due(Model):
    """Nothing but that it is due."""

    text: str = "hello"


def shop(schedules: Mapping[str, Cron | Interval], *, enabled: bool = True) -> Blueprint:
    """Plan an application whose schedules are managed apart."""
    service = ServiceBuilder("Shop", version="1", description="Sells")
    due = service.event("shop.due", Due, "Something is due")
    for name, expression in schedules.items():
        service.schedule(name).emit_event(due, expression=expression, payload=Due(), enabled=enabled)
    adapter = configure(load_adapter("gcp"), {"schedules_apart": True})
    return draw(Application("shop", services=[service]).model, adapter)


class Cloud:
    """A project with a scheduler.

    Attributes:
        scheduler: The stand-in.
        pauses: How long was waited before something was tried again, in seconds.
    """

    def __init__(self, scheduler: CloudScheduler, host: str) -> None:
        self.scheduler = scheduler
        self.pauses: list[float] = []
        self._variables = {PROJECT_VARIABLE: "acme", REGION_VARIABLE: "europe-west1", EMULATOR: host}

    @contextmanager
    def opened(self, blueprint: Blueprint, stack: str | None = None) -> Iterator[ProviderScheduler]:
        """Open an application's jobs."""
        with open_scheduler(blueprint, stack, environment=self._variables, pause=self.pauses.append) as found:
            yield found

    def bring(self, blueprint: Blueprint, stack: str | None = None) -> list[tuple[str, str]]:
        """Do everything that is to be done, and give what that was."""
        with self.opened(blueprint, stack) as opened:
            actions = compare(opened)
            carry_out(actions, opened)
        return [(action.kind, action.target.name) for action in actions]

    def kept(self) -> Kept:
        """Give the expression and the state of each job, by name."""
        return {
            name.rpartition("/")[2]: (job.schedule, scheduler_v1.Job.State(job.state).name)
            for name, job in self.scheduler.jobs.items()
        }


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """Give an empty project."""
    scheduler = CloudScheduler()
    with served(scheduler) as host:
        yield Cloud(scheduler, host)


def test_a_schedule_becomes_a_job_that_publishes_to_its_topic(cloud: Cloud) -> None:
    """The job has the expression, the zone, the topic and the content that the plan says."""
    assert cloud.bring(shop({"nightly": NIGHTLY})) == [("create", "shop-Shop-1-nightly")]

    job: Any = cloud.scheduler.jobs[f"{PARENT}/jobs/shop-Shop-1-nightly"]
    assert (job.schedule, job.time_zone) == ("0 3 * * *", "UTC")
    assert job.pubsub_target.topic_name == "projects/acme/topics/shop-event~shop.due"
    assert b'"schedule":"Shop.1.nightly"' in job.pubsub_target.data


def test_applying_twice_changes_nothing_the_second_time(cloud: Cloud) -> None:
    """Jobs over several pages are read back as they were written."""
    many = shop({f"number{count}": NIGHTLY for count in range(5)})
    assert len(cloud.bring(many)) == 5
    calls = len(cloud.scheduler.calls)

    assert cloud.bring(many) == []
    assert set(cloud.scheduler.calls[calls:]) == {"ListJobs"}


def test_a_changed_expression_changes_that_and_nothing_else(cloud: Cloud) -> None:
    """An update names what it changes, so that what somebody else set stays."""
    cloud.bring(shop({"nightly": NIGHTLY}))
    job: Any = cloud.scheduler.jobs[f"{PARENT}/jobs/shop-Shop-1-nightly"]
    job.attempt_deadline = timedelta(seconds=77)

    with cloud.opened(shop({"nightly": Cron("0 4 * * *")})) as opened:
        (action,) = compare(opened)
        carry_out([action], opened)

    assert action.what == "cron: 0 3 * * * -> 0 4 * * *"
    job = cloud.scheduler.jobs[f"{PARENT}/jobs/shop-Shop-1-nightly"]
    assert (job.schedule, job.attempt_deadline) == ("0 4 * * *", timedelta(seconds=77))


def test_a_disabled_schedule_is_paused_and_resumed_when_it_is_enabled(cloud: Cloud) -> None:
    """A job is there all the while, and fires when it may."""
    cloud.bring(shop({"nightly": NIGHTLY}, enabled=False))
    assert cloud.kept() == {"shop-Shop-1-nightly": ("0 3 * * *", "PAUSED")}

    cloud.bring(shop({"nightly": NIGHTLY}))
    assert cloud.kept() == {"shop-Shop-1-nightly": ("0 3 * * *", "ENABLED")}


def test_a_pause_that_nobody_heard_of_counts(cloud: Cloud) -> None:
    """Cloud Scheduler pauses no paused job; that it is one is what was wanted."""
    cloud.scheduler.fail("PauseJob", grpc.StatusCode.UNAVAILABLE, takes_effect=True)

    cloud.bring(shop({"nightly": NIGHTLY}, enabled=False))

    assert cloud.scheduler.calls.count("PauseJob") == 2
    assert cloud.kept() == {"shop-Shop-1-nightly": ("0 3 * * *", "PAUSED")}


def test_a_job_that_was_made_meanwhile_is_brought_to_the_declared_state(cloud: Cloud) -> None:
    """Whoever applies at the same time may have paused it."""
    with cloud.opened(shop({"nightly": NIGHTLY})) as opened:
        actions = compare(opened)
        cloud.bring(shop({"nightly": NIGHTLY}, enabled=False))
        carry_out(actions, opened)

    assert cloud.kept() == {"shop-Shop-1-nightly": ("0 3 * * *", "ENABLED")}


def test_what_is_no_longer_declared_is_deleted(cloud: Cloud) -> None:
    """A job that is gone already when it is to be deleted is no error."""
    cloud.bring(shop({"nightly": NIGHTLY, "hourly": Cron("0 * * * *")}))

    with cloud.opened(shop({"nightly": NIGHTLY})) as opened:
        actions = compare(opened)
        carry_out(actions, opened)
        carry_out(actions, opened)

    assert list(cloud.kept()) == ["shop-Shop-1-nightly"]


def test_jobs_of_others_are_left_alone(cloud: Cloud) -> None:
    """Not even a deployment is taken for ours whose prefix begins with our own."""
    cloud.bring(shop({"nightly": NIGHTLY}), stack="shop-eu")
    target = {"topic_name": "projects/acme/topics/shop-x", "data": b"hello"}
    foreign = scheduler_v1.Job(name=f"{PARENT}/jobs/shop-backup", schedule="* * * * *", pubsub_target=target)
    cloud.scheduler.jobs[foreign.name] = foreign

    assert cloud.bring(shop({})) == []
    assert sorted(cloud.kept()) == ["shop-backup", "shop-eu-Shop-1-nightly"]


def test_a_name_that_somebody_else_has_is_told_with_the_place_of_the_declaration(cloud: Cloud) -> None:
    """Nothing is changed then."""
    target = {"topic_name": "projects/acme/topics/theirs", "data": b"hello"}
    foreign = scheduler_v1.Job(name=f"{PARENT}/jobs/shop-Shop-1-nightly", schedule="* * * * *", pubsub_target=target)
    cloud.scheduler.jobs[foreign.name] = foreign

    with pytest.raises(CheckFailed, match=r"test_scheduler\.py:\d+") as raised:
        cloud.bring(shop({"nightly": NIGHTLY, "hourly": Cron("0 * * * *")}))

    assert len(raised.value.problems) == 1
    assert list(cloud.kept()) == ["shop-Shop-1-nightly"]


@pytest.mark.parametrize(("takes_effect", "pauses"), [(False, [1.0, 2.0]), (True, [1.0])])
def test_a_service_out_of_reach_is_asked_again(cloud: Cloud, *, takes_effect: bool, pauses: list[float]) -> None:
    """A job that was made all the same, although nobody heard of it, is found and made no second time."""
    cloud.scheduler.fail("CreateJob", grpc.StatusCode.UNAVAILABLE, times=2, takes_effect=takes_effect)

    cloud.bring(shop({"nightly": NIGHTLY}))

    assert cloud.kept() == {"shop-Shop-1-nightly": ("0 3 * * *", "ENABLED")}
    assert cloud.pauses == pauses
    assert cloud.bring(shop({"nightly": NIGHTLY})) == []


def test_a_service_that_stays_out_of_reach_is_given_up(cloud: Cloud) -> None:
    """What was done stays done, and the next run goes on from there."""
    cloud.scheduler.fail("CreateJob", grpc.StatusCode.UNAVAILABLE, times=4)

    with pytest.raises(Unavailable, match="creating job shop-Shop-1-nightly: injected"):
        cloud.bring(shop({"nightly": NIGHTLY}))

    assert cloud.pauses == [1.0, 2.0, 4.0]


def test_a_refusal_is_not_repeated(cloud: Cloud) -> None:
    """What may not be done will not be allowed a second later."""
    cloud.scheduler.fail("CreateJob", grpc.StatusCode.PERMISSION_DENIED)

    with pytest.raises(ProviderRefused, match="creating job shop-Shop-1-nightly: injected"):
        cloud.bring(shop({"nightly": NIGHTLY}))

    assert cloud.scheduler.calls.count("CreateJob") == 1


def test_a_place_has_to_be_named() -> None:
    """Nothing guesses a project."""
    with (
        pytest.raises(DeclarationError, match="set GOOGLE_CLOUD_PROJECT"),
        open_scheduler(shop({}), None, environment={REGION_VARIABLE: "europe-west1"}),
    ):
        pass
