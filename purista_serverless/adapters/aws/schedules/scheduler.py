"""The schedules of EventBridge Scheduler that an application's schedules are, where no stack holds them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import MARK
from purista_serverless.adapters.aws.options import TABLE
from purista_serverless.adapters.aws.plan.places import SCHEDULES
from purista_serverless.adapters.aws.plan.resources import Schedule
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.adapters.aws.ports.clients import Clients
from purista_serverless.adapters.aws.ports.failures import code_of
from purista_serverless.adapters.aws.render.events import events
from purista_serverless.adapters.aws.schedules.deployed import DeployedStacks, find_stacks
from purista_serverless.adapters.aws.stack.outputs import ask
from purista_serverless.errors import DeclarationError, ProviderRefused
from purista_serverless.naming import shorten
from purista_serverless.synth.reconciliation import KeptSchedule, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from purista_serverless.synth.blueprint import Blueprint
    from purista_serverless.synth.reconciliation import ProviderScheduler

# EventBridge Scheduler API Reference, CreateSchedule.
_LONGEST_NAME = 64

_TAKEN = "ConflictException"
_GONE = "ResourceNotFoundException"
_OWN_KIND = "AWS::Scheduler::Schedule"

# Where each field stands in what is sent and in what is read: one form for both, and for everything that Scheduler has
# but the key of encryption, which is the account's matter and stays as it is.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "expression": ("ScheduleExpression",),
    "timezone": ("ScheduleExpressionTimezone",),
    "start": ("StartDate",),
    "end": ("EndDate",),
    "state": ("State",),
    "completion": ("ActionAfterCompletion",),
    "window": ("FlexibleTimeWindow", "Mode"),
    "window_minutes": ("FlexibleTimeWindow", "MaximumWindowInMinutes"),
    "target": ("Target", "Arn"),
    "role": ("Target", "RoleArn"),
    "input": ("Target", "Input"),
    "dead_letter": ("Target", "DeadLetterConfig", "Arn"),
    "retries": ("Target", "RetryPolicy", "MaximumRetryAttempts"),
    "longest_age": ("Target", "RetryPolicy", "MaximumEventAgeInSeconds"),
    "event": ("Target", "EventBridgeParameters", "DetailType"),
    "source": ("Target", "EventBridgeParameters", "Source"),
    "group_id": ("Target", "SqsParameters", "MessageGroupId"),
    "description": ("Description",),
}
_KEY = "KmsKeyArn"

# What Scheduler tells where nothing was said.
_UNSAID = frozenset({"", "NONE"})


@contextmanager
def open_scheduler(
    blueprint: "Blueprint", stack: str | None, *, clients: "Callable[[str], Any] | None" = None
) -> "Iterator[ProviderScheduler]":
    """Open the schedules of an application that is deployed without them.

    Args:
        blueprint: The application, planned with ``schedules_apart``.
        stack: Name of the stack; that of ``samconfig.toml`` when omitted.
        clients: Gives a client of botocore for the name of a service; those of the process' credentials when omitted.

    Raises:
        DeclarationError: The stack is planned with its schedules, which have other names: all would fire twice.
        ProviderRefused: There is no such stack, it was deployed with its schedules, or it may not be looked at.
        Unavailable: CloudFormation could not be reached.
    """
    plan: Deployment = blueprint.plan
    if not plan.options.schedules_apart:
        raise DeclarationError(
            "CloudFormation keeps the schedules of this application, and what is applied beside it would fire a second "
            f"time; set schedules_apart = true in [{TABLE}], build and deploy, or leave schedules to `sam deploy`"
        )
    get = Clients(clients)
    deployed = find_stacks(stack or plan.stack_name, get("cloudformation"))
    own = deployed.of_kind(_OWN_KIND)
    if own:
        raise ProviderRefused(
            f"stack {deployed.name!r} holds schedules of its own, {own[0]} for one, and what is applied beside it "
            "would fire a second time; build with schedules_apart, deploy, and try again"
        )
    yield EventBridgeScheduler(plan, deployed, get("scheduler"))


def request_of(schedule: Schedule, deployed: DeployedStacks) -> dict[str, Any]:
    """Give what ``CreateSchedule`` takes: what CloudFormation would have made of the schedule, under its logical id.

    Args:
        schedule: A schedule that no stack holds.
        deployed: The stacks that hold all that it refers to.

    Raises:
        ProviderRefused: Something that it refers to is not deployed.
    """
    properties = deployed.resolved(events(schedule)["Properties"], deployed.home_of(schedule.role))
    return {"Name": shorten(schedule.id, _LONGEST_NAME), **properties}


class EventBridgeScheduler:
    """Keep an application's schedules in the group of its stack.

    The group is the application's own: CloudFormation makes it, and deletes it with whatever is in it. So all that is
    in it counts as the application's.

    Botocore's client repeats what a throttle or the network stopped, four times at most, and gives what it sends the
    same token each time: what took effect unheard is answered as done.

    Args:
        plan: What is deployed.
        deployed: What became of it.
        client: A client of EventBridge Scheduler.
    """

    def __init__(self, plan: Deployment, deployed: DeployedStacks, client: Any) -> None:
        self._plan = plan
        self._deployed = deployed
        self._client = client
        groups = deployed.of_kind("AWS::Scheduler::ScheduleGroup")
        self._group = deployed.ref(SCHEDULES) if groups else None

    @property
    def place(self) -> str:
        """Give stack and region."""
        return f"stack {self._deployed.name} in {self._deployed.region}"

    def wanted(self) -> Sequence[KeptSchedule]:
        """Give the planned schedules.

        Raises:
            ProviderRefused: What they refer to is not deployed yet.
        """
        return [self._wanted(schedule) for schedule in self._plan.apart]

    def _wanted(self, schedule: Schedule) -> KeptSchedule:
        request, declared = request_of(schedule, self._deployed), schedule.declared
        return KeptSchedule(
            name=request["Name"],
            schedule=declared.name,
            where=f"{declared.name} ({declared.origin.file}:{declared.origin.line})",
            fields=_fields_of(request),
        )

    def kept(self) -> Iterator[KeptSchedule]:
        """Give the schedules of the group; there is none before a schedule was declared and deployed."""
        if self._group is None:
            return
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._group)
        names = ask("scheduler:ListSchedules", lambda: list(pages.search("Schedules[].Name")), self.place)
        for name in names:
            found = self._get(name)
            # It may have been deleted since.
            if not code_of(found):
                yield KeptSchedule(name=name, schedule=_schedule_in(found) or name, fields=_fields_of(found))

    def create(self, schedule: KeptSchedule) -> None:
        """Make a schedule; one that was made meanwhile is brought to the same."""
        create, request = self._client.create_schedule, self._request(schedule)
        answer = ask("scheduler:CreateSchedule", create, schedule.name, expected=(_TAKEN,), **request)
        if code_of(answer):
            self.update(schedule, ())

    def update(self, schedule: KeptSchedule, changed: Sequence[str]) -> None:
        """Replace a schedule: Scheduler knows no other change."""
        kept = self._get(schedule.name)
        key = {_KEY: kept[_KEY]} if kept.get(_KEY) else {}
        ask("scheduler:UpdateSchedule", self._client.update_schedule, schedule.name, **self._request(schedule), **key)

    def delete(self, schedule: KeptSchedule) -> None:
        """Delete a schedule; one that is gone already is no error."""
        name = {"Name": schedule.name, "GroupName": self._group}
        ask("scheduler:DeleteSchedule", self._client.delete_schedule, schedule.name, expected=(_GONE,), **name)

    def _get(self, name: str) -> Any:
        get = self._client.get_schedule
        return ask("scheduler:GetSchedule", get, name, expected=(_GONE,), Name=name, GroupName=self._group)

    def _request(self, schedule: KeptSchedule) -> dict[str, Any]:
        request: dict[str, Any] = {"Name": schedule.name, "GroupName": self._group}
        for field, value in schedule.fields.items():
            if value is None:
                continue
            *members, last = _FIELDS[field]
            place = request
            for member in members:
                place = place.setdefault(member, {})
            place[last] = value
        return request


def _fields_of(schedule: Mapping[str, Any]) -> dict[str, Value]:
    """Give the fields of what is sent, or of what ``GetSchedule`` answers."""
    return {field: _value_at(schedule, members) for field, members in _FIELDS.items()}


def _value_at(schedule: Mapping[str, Any], members: tuple[str, ...]) -> Value:
    found: Any = schedule
    for member in members:
        found = (found or {}).get(member)
    if found is None or found in _UNSAID:
        return None
    return found if isinstance(found, str | int) else str(found)


def _schedule_in(found: Mapping[str, Any]) -> str | None:
    """Give the declared schedule that a schedule of the group says it is."""
    try:
        sent = json.loads(found["Target"].get("Input", ""))
    except ValueError:
        return None
    name = sent.get("schedule") if isinstance(sent, dict) and MARK in sent else None
    return name if isinstance(name, str) else None
