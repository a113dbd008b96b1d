"""The example on LocalStack, put there by the real `sam build` and `sam deploy` of the template as it is."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from purista_serverless.adapters.aws.emulator.cloud import Cloud
from purista_serverless.adapters.aws.emulator.expressions import read_timetable
from purista_serverless.adapters.aws.emulator.resource import StoredSchedule
from purista_serverless.adapters.aws.emulator.scheduler import Scheduler
from purista_serverless.emulation.clock import WallClock
from tests.connected.aws.localstack.account import Account
from tests.connected.aws.sam import STACK, Change, Sam
from tests.connected.aws.tools import run
from tests.connected.aws.watch import AwsWatch
from tests.connected.watch import Watch
from tests.repo.tree import ROOT

# The name that LocalStack gives to what it did not make.
_LEFT_OUT = "unknown"


class DeployedExample:
    """The example in an account; ``release`` deploys it.

    Args:
        account: Where to.
        folder: A copy of the repository.
        parameters: Of the template.
    """

    def __init__(self, account: Account, folder: Path, parameters: Mapping[str, str]) -> None:
        self.folder = folder
        self._account = account
        self._sam = Sam(folder, account.endpoint, parameters)
        self._released: tuple[tuple[str, str, str], ...] | None = None

    def client(self, service: str) -> Any:
        """Give the client of a service, such as ``sqs``."""
        return self._account.client(service)

    def environments(self) -> Iterator[Mapping[str, str]]:
        """Give the environment of each deployed function."""
        for function in self._resources("AWS::Lambda::Function"):
            found = self.client("lambda").get_function_configuration(FunctionName=function)
            yield found.get("Environment", {}).get("Variables", {})

    def release(self, *changes: tuple[str, str, str]) -> None:
        """Deploy the example with texts of its files replaced, unless just that is deployed."""
        if changes == self._released:
            return
        for path, _, _ in (*(self._released or ()), *changes):
            (self.folder / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
        for path, old, new in changes:
            self._replace(path, old, new)
        self.deploy()
        self._released = changes

    def deploy(self) -> tuple[Change, ...]:
        """Build and deploy what is in the folder, and give what that changed."""
        self._sam.build()
        return self._sam.deploy()

    def deploy_changed(self, old: str, new: str) -> tuple[Change, ...]:
        """Deploy what was built with the first of a text replaced in the template, and give what that changed."""
        self._replace(".aws-sam/build/template.yaml", old, new)
        return self._sam.deploy()

    def fire(self) -> None:
        """Have the schedule fire for the newest slot, by the emulator's code: LocalStack stores and never fires."""
        (name,) = self._resources("AWS::Scheduler::Schedule")
        (group,) = self._resources("AWS::Scheduler::ScheduleGroup")
        cloud = cast("Cloud", self._account)
        scheduler = Scheduler(cloud, WallClock(), {name: StoredSchedule(name=name, group=group)}, log=_fail)
        found = self.client("scheduler").get_schedule(Name=name, GroupName=group)
        scheduler.fire(name, newest_slot(found["ScheduleExpression"], found["ScheduleExpressionTimezone"]))

    def redrive(self, edge: str) -> None:
        """Redrive by the command line, as a person would."""
        run(
            *(sys.executable, "-m", "purista_serverless", "dlq", "redrive"),
            *("--all", "--edge", edge, "--stack", STACK, "--provider", "aws"),
            environment={"AWS_ENDPOINT_URL": self._account.endpoint},
        )

    def kill_what_works(self) -> None:
        """End with SIGKILL the processes of functions that are at work."""
        self._account.kill_what_works()

    def watch(self) -> AwsWatch:
        """Begin to look at the account."""
        return AwsWatch(self)

    def let_leases_end(self, watch: Watch) -> None:
        """End the leases in the table, as time cannot be moved here; messages come back by their short visibility."""
        assert isinstance(watch, AwsWatch)
        for partition in watch.queues:
            for job_id, job in watch.records(partition).items():
                if job.get("status") == "running":
                    watch.change_record(partition, job_id, lease_until=0)

    def left_out(self) -> set[str]:
        """Give the types of resources that LocalStack does not know."""
        return {resource["ResourceType"] for resource in self._all() if resource["PhysicalResourceId"] == _LEFT_OUT}

    def _replace(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} holds no {old!r}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def _resources(self, kind: str) -> list[str]:
        return [resource["PhysicalResourceId"] for resource in self._all() if resource["ResourceType"] == kind]

    def _all(self) -> Iterator[Mapping[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return (resource for page in pages for resource in page["StackResourceSummaries"])


def newest_slot(expression: str, timezone: str) -> datetime:
    """Give the newest slot that has passed of an expression of EventBridge Scheduler."""
    now = datetime.now(UTC)
    slot = read_timetable(expression, timezone, created=now).occurrences.previous(now)
    assert slot is not None
    return slot


def _fail(name: str, line: str) -> None:
    raise AssertionError(f"{name}: {line}")
