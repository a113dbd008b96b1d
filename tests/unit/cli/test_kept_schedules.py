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


def test_diff_tells_what_differs_and_changes_nothing(billing, scheduler, golden):
    """It exits with a code of its own, so that continuous integration can tell drift from failure."""
    printed = billing("schedules", "diff", "--provider", "gcp", "--json")

    assert printed.code == ExitCode.DIFFERENT
    assert scheduler.jobs == {}
    golden("cli/schedules-diff.json", printed.out)
    golden("cli/schedules-diff.txt", billing("schedules", "diff", "--provider", "gcp").out)


def test_diff_shows_both_values_of_what_was_changed_elsewhere(billing, scheduler):
    """A job that somebody changed by hand differs in the field that was changed."""
    billing("schedules", "apply", "--provider", "gcp")
    job = min(scheduler.jobs.items())[1]
    declared, job.schedule = job.schedule, "7 7 7 7 *"
    (action,) = json.loads(billing("schedules", "diff", "--provider", "gcp", "--json").raw)

    assert action["action"] == "update"
    assert action["changes"] == [{"field": "cron", "now": "7 7 7 7 *", "then": declared}]


def test_apply_makes_the_jobs_once(billing, scheduler, golden):
    """Afterwards nothing differs."""
    first = billing("schedules", "apply", "--provider", "gcp")
    assert first.code == ExitCode.DONE
    golden("cli/schedules-apply.txt", first.out)
    made = sorted(scheduler.jobs)

    again = billing("schedules", "apply", "--provider", "gcp")
    assert (again.code, again.out) == (ExitCode.DONE, "acme/europe-west1: nothing to do\n")
    assert billing("schedules", "diff", "--provider", "gcp").code == ExitCode.DONE
    assert made
    assert sorted(scheduler.jobs) == made
    elsewhere = billing("schedules", "apply", "--provider", "gcp", "--stack", "staging", "--json")
    golden("cli/schedules-apply.json", elsewhere.out)


@pytest.mark.parametrize("kind", ["txt", "json"])
def test_prune_deletes_what_apply_left(billing, scheduler, golden, kind):
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
    options = ["--json"] if kind == "json" else []
    printed = billing("schedules", "prune", "--provider", "gcp", "--stack", "mine", *options)
    assert printed.code == ExitCode.DONE
    assert left.name not in scheduler.jobs
    golden(f"cli/schedules-prune.{kind}", printed.out)


def test_a_provider_without_a_clock_is_told(cli):
    """The embedded runtime fires schedules itself."""
    printed = cli("schedules", "apply", "--provider", "embedded")

    assert printed.code == ExitCode.USAGE
    assert "embedded has no clock whose schedules are managed apart" in printed.err


def test_schedules_that_a_stack_keeps_are_left_to_it(billing):
    """On AWS they have names of CloudFormation's, so that what was applied beside it would fire twice."""
    printed = billing("schedules", "apply", "--provider", "aws")

    assert printed.code == ExitCode.APPLICATION
    assert "set schedules_apart = true in [tool.purista-serverless.aws]" in printed.err
