"""A deployment as CloudFormation tells of it, page by page, and an account on moto that keeps its schedules.

Moto's CloudFormation does not know the types of EventBridge Scheduler: what it would tell comes from the plan, by
botocore's own stubs, which hold it to the service's model.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.stub import Stubber

from purista_serverless.adapters.aws.plan.resources import (
    DeadLetterQueue,
    EventBus,
    NestedStack,
    Queue,
    Resource,
    Role,
    ScheduleGroup,
)
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.adapters.aws.schedules.scheduler import open_scheduler
from purista_serverless.synth.blueprint import Blueprint
from purista_serverless.synth.reconciliation import ProviderScheduler, carry_out, compare
from tests.unit.aws.ports.server import REGION, Moto, unused

ACCOUNT = "123456789012"
PLACE = f"{REGION}:{ACCOUNT}"
_PAGE = 3
_KINDS: Mapping[type, str] = {
    DeadLetterQueue: "AWS::SQS::Queue",
    EventBus: "AWS::Events::EventBus",
    NestedStack: "AWS::CloudFormation::Stack",
    Queue: "AWS::SQS::Queue",
    Role: "AWS::IAM::Role",
    ScheduleGroup: "AWS::Scheduler::ScheduleGroup",
}


class Site:
    """A stack with the schedules that are kept beside it.

    Attributes:
        group: Name of its group of schedules.
        scheduler: The client of moto's EventBridge Scheduler, which tools use too.
    """

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self.group = unused("shop")
        self.scheduler = moto.client("scheduler")
        self.scheduler.create_schedule_group(Name=self.group)

    @contextmanager
    def opened(
        self, blueprint: Blueprint, *, deployed: Blueprint | None = None, stack: str | None = None, **options: Any
    ) -> Iterator[ProviderScheduler]:
        """Open the schedules of an application, over a stack that was deployed with it or with another one."""
        stubs: list[Stubber] = []

        def client(service: str) -> Any:
            if service != "cloudformation":
                return self.scheduler
            made = self._moto.client_of(service, "testing", "testing")
            stubs.append(Stubber(made))
            self._tell(stubs[0], (deployed or blueprint).plan, stack or blueprint.plan.stack_name, **options)
            stubs[0].activate()
            return made

        with open_scheduler(blueprint, stack, clients=client) as found:
            stubs[0].assert_no_pending_responses()
            yield found

    def bring(self, blueprint: Blueprint, **options: Any) -> list[tuple[str, str]]:
        """Do everything that is to be done, and give what that was."""
        with self.opened(blueprint, **options) as scheduler:
            actions = compare(scheduler)
            carry_out(actions, scheduler)
        return [(action.kind, action.target.name) for action in actions]

    def get(self, name: str) -> dict[str, Any]:
        """Give a schedule of the group."""
        found: dict[str, Any] = self.scheduler.get_schedule(Name=name, GroupName=self.group)
        return found

    def kept(self) -> dict[str, tuple[str, str]]:
        """Give the expression and the state of each schedule of the group, by name."""
        pages = self.scheduler.get_paginator("list_schedules").paginate(GroupName=self.group)
        found = (self.get(name) for name in pages.search("Schedules[].Name"))
        return {one["Name"]: (one["ScheduleExpression"], one["State"]) for one in found}

    def put(self, name: str, **changes: Any) -> None:
        """Change a schedule as somebody else would."""
        told = {"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata", "ActionAfterCompletion"}
        now = {member: value for member, value in self.get(name).items() if member not in told}
        self.scheduler.update_schedule(**{**now, **changes})

    def answers(self, plan: Deployment, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Give what CloudFormation answers about a deployment, by action and name of the stack."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for stack, told, summaries in self._told(plan, name):
            found["DescribeStacks", stack] = {"Stacks": [told]}
            found["ListStackResources", stack] = {"StackResourceSummaries": summaries}
        return found

    def _tell(self, stub: Stubber, plan: Deployment, name: str, *, more: tuple[str, ...] = ()) -> None:
        for stack, told, summaries in self._told(plan, name):
            stub.add_response("describe_stacks", {"Stacks": [told]}, {"StackName": stack})
            own = [_summary(id, "AWS::Scheduler::Schedule", f"{stack}-{id}-1A2B") for id in more]
            _tell_pages(stub, stack, summaries + own)

    def _told(self, plan: Deployment, name: str) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
        """Give the name of each stack, the root first, what it is described as, and its resources."""
        for stack in plan.stacks:
            arn = _arn_of(f"{name}-{stack.name}" if stack.name else name)
            told = {
                "StackId": arn,
                "StackName": stack.name or name,
                "CreationTime": "2026-01-01T00:00:00Z",
                "StackStatus": "UPDATE_COMPLETE",
                "Parameters": [
                    {"ParameterKey": one.name, "ParameterValue": self._parameter(one.name, one.default)}
                    for one in stack.parameters
                ],
            }
            summaries = [
                _summary(one.id, _KINDS.get(type(one), "AWS::Other::Thing"), self._physical(one, name))
                for one in stack.resources
            ]
            yield (arn if stack.name else name), told, summaries

    def _physical(self, resource: Resource, stack: str) -> str:
        match resource:
            case Queue() | DeadLetterQueue():
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{resource.id}-1A2B"
            case EventBus():
                return "shop-bus"
            case ScheduleGroup():
                return self.group
            case NestedStack():
                child = resource.location.rpartition("/")[2].removesuffix(".yaml")
                return _arn_of(f"{stack}-{child}")
            case _:
                return f"{resource.id}-1A2B"

    def _parameter(self, name: str, default: str | int | None) -> str:
        given = {"Bus": "shop-bus", "BusArn": f"arn:aws:events:{PLACE}:event-bus/shop-bus", "Schedules": self.group}
        return given.get(name, str(default if default is not None else f"given {name}"))


def _arn_of(name: str) -> str:
    return f"arn:aws:cloudformation:{PLACE}:stack/{name}/0f1e"


def _summary(id: str, kind: str, physical: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": id,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
        "ResourceStatus": "CREATE_COMPLETE",
    }


def _tell_pages(stub: Stubber, name: str, summaries: list[dict[str, Any]]) -> None:
    """Tell of resources in pages, each with the token of the next."""
    for start in range(0, max(len(summaries), 1), _PAGE):
        page: dict[str, Any] = {"StackResourceSummaries": summaries[start : start + _PAGE]}
        if start + _PAGE < len(summaries):
            page["NextToken"] = str(start + _PAGE)
        asked = {"StackName": name, **({"NextToken": str(start)} if start else {})}
        stub.add_response("list_stack_resources", page, asked)
