"""``schedules diff | apply | prune``: a provider's clock, kept in step with what is declared."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from purista_serverless.adapters.gcp.schedules.scheduler import EMULATOR
from purista_serverless.adapters.gcp.stack.place import PROJECT_VARIABLE, REGION_VARIABLE
from purista_serverless.cli.failures import ExitCode
from tests.unit.gcp.schedules.cloud_scheduler import CloudScheduler, served

BILLING = "examples.enterprise_billing_cycle.app:app"


@pytest.fixture
def billing(cli):
    """Run commands on an application that Google Cloud can keep."""
    return partial(cli, app=BILLING)


@pytest.fixture
def scheduler(monkeypatch) -> Iterator[CloudScheduler]:
    """Give an empty project of Google Cloud to which the process is pointed."""
    found = CloudScheduler()
    with served(found) as host:
        for name, value in {PROJECT_VARIABLE: "acme", REGION_VARIABLE: "europe-west1", EMULATOR: host}.items():
            monkeypatch.setenv(name, value)
        yield found


def test_diff_tells_what_differs_and_changes_nothing(billing, scheduler):
    """It exits with a code of its own, so that continuous integration can tell drift from failure."""
    printed = billing("schedules", "diff", "--provider", "gcp", "--json")

    assert printed.code == ExitCode.DIFFERENT
    assert {action["action"] for action in json.loads(printed.raw)} == {"create"}
    assert scheduler.jobs == {}


def test_apply_makes_the_jobs_once(billing, scheduler):
    """Afterwards nothing differs."""
    assert billing("schedules", "apply", "--provider", "gcp").code == ExitCode.DONE
    made = sorted(scheduler.jobs)

    again = billing("schedules", "apply", "--provider", "gcp")
    assert (again.code, again.out) == (ExitCode.DONE, "acme/europe-west1: nothing to do\n")
    assert billing("schedules", "diff", "--provider", "gcp").code == ExitCode.DONE
    assert made
    assert sorted(scheduler.jobs) == made


def test_prune_deletes_what_apply_left(billing, scheduler):
    """Apply alone never deletes anything."""
    billing("schedules", "apply", "--provider", "gcp", "--stack", "mine")
    name, job = min(scheduler.jobs.items())
    stem = name.rpartition("-")[0]
    left = type(job)(job)
    left.name = f"{stem}-gone"
    schedule = json.loads(job.pubsub_target.data)["schedule"]
    left.pubsub_target.data = job.pubsub_target.data.replace(
        schedule.encode(), f"{schedule.rpartition('.')[0]}.gone".encode()
    )
    scheduler.jobs[left.name] = left

    assert "nothing to do" in billing("schedules", "apply", "--provider", "gcp", "--stack", "mine").out
    assert left.name in scheduler.jobs
    assert billing("schedules", "prune", "--provider", "gcp", "--stack", "mine").code == ExitCode.DONE
    assert left.name not in scheduler.jobs


def test_a_provider_without_a_clock_is_told(cli):
    """The embedded runtime fires schedules itself."""
    printed = cli("schedules", "apply", "--provider", "embedded")

    assert printed.code == ExitCode.USAGE
    assert "embedded has no clock whose schedules are managed apart" in printed.err
