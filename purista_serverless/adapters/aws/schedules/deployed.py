"""What became of a deployment: physical names and ARNs in place of the references that a plan's texts hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.aws.plan.resources import Sub
from purista_serverless.adapters.aws.stack.outputs import NESTED, describe, resources_of
from purista_serverless.errors import ProviderRefused

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(\.Arn)?\}")

# AWS Service Authorization Reference, resource types. A queue's physical id is its URL, which its name ends.
_ARNS = {
    "AWS::Events::EventBus": "arn:{partition}:events:{region}:{account}:event-bus/{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{name}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalResource:
    """A resource that was made: its type, and what ``Ref`` gives of it."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One stack that was deployed.

    Attributes:
        arn: Its ARN, which tells partition, region and account.
        parameters: Values of its parameters.
        resources: By logical id.
    """

    arn: str
    parameters: Mapping[str, str]
    resources: Mapping[str, PhysicalResource]

    @property
    def place(self) -> dict[str, str]:
        """Give what ARNs of its resources are made of."""
        _, partition, _, region, account, _ = self.arn.split(":", 5)
        return {"partition": partition, "region": region, "account": account}

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """Give what CloudFormation knows without being told, as far as schedules refer to it."""
        names = {"partition": "AWS::Partition", "region": "AWS::Region", "account": "AWS::AccountId"}
        return {names[part]: value for part, value in self.place.items()}


class DeployedStacks:
    """A stack with those nested in it. Logical ids are different in all of them, as the plan makes them.

    Args:
        name: Name of the root.
        stacks: All of them, the root first.
    """

    def __init__(self, name: str, stacks: tuple[DeployedStack, ...]) -> None:
        self.name = name
        self._stacks = stacks
        self._homes = {logical_id: stack for stack in stacks for logical_id in stack.resources}

    @property
    def region(self) -> str:
        """Give the region that all of it is in."""
        return self._stacks[0].place["region"]

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Give the logical ids of the resources of a type."""
        return tuple(
            logical_id
            for stack in self._stacks
            for logical_id, resource in stack.resources.items()
            if resource.kind == kind
        )

    def home_of(self, logical_id: str) -> DeployedStack:
        """Give the stack that a resource is in.

        Raises:
            ProviderRefused: It is in none.
        """
        if logical_id not in self._homes:
            raise ProviderRefused(
                f"stack {self.name!r} has no {logical_id}; deploy what is declared now with `sam deploy`, and try again"
            )
        return self._homes[logical_id]

    def ref(self, logical_id: str) -> str:
        """Give what ``Ref`` gives of a resource.

        Raises:
            ProviderRefused: There is none of that id.
        """
        return self.home_of(logical_id).resources[logical_id].id

    def arn(self, logical_id: str) -> str:
        """Give the ARN of a role, a queue or a bus.

        Raises:
            ProviderRefused: There is none of that id.
        """
        home = self.home_of(logical_id)
        resource = home.resources[logical_id]
        return _ARNS[resource.kind].format(**home.place, name=resource.id.rpartition("/")[2])

    def resolved(self, value: Any, stack: DeployedStack) -> Any:
        """Give a value with its references replaced, as seen from a stack.

        Raises:
            ProviderRefused: Something that it refers to is not deployed.
        """
        if isinstance(value, dict):
            return {name: self.resolved(item, stack) for name, item in value.items()}
        if isinstance(value, Sub):
            return _REFERENCE.sub(lambda found: self._referred(found[1], stack, is_arn=found[2] is not None), value)
        return value

    def _referred(self, name: str, stack: DeployedStack, *, is_arn: bool) -> str:
        if is_arn:
            return self.arn(name)
        known = {**stack.pseudo_parameters, **stack.parameters}
        return known[name] if name in known else self.ref(name)


def find_stacks(name: str, cloudformation: Any) -> DeployedStacks:
    """Look at a stack, and at those nested in it.

    Args:
        name: Name of the root, or its ARN.
        cloudformation: A client of CloudFormation.

    Raises:
        ProviderRefused: There is none of that name, or it may not be looked at.
        Unavailable: CloudFormation could not be reached.
    """
    return DeployedStacks(name, tuple(_stacks(name, cloudformation)))


def _stacks(name: str, cloudformation: Any) -> Iterator[DeployedStack]:
    told = describe(name, cloudformation)
    # What could not be made has no physical id.
    found = [one for one in resources_of(name, cloudformation) if one.get("PhysicalResourceId")]
    yield DeployedStack(
        arn=told["StackId"],
        parameters={one["ParameterKey"]: one["ParameterValue"] for one in told.get("Parameters", ())},
        resources={
            one["LogicalResourceId"]: PhysicalResource(kind=one["ResourceType"], id=one["PhysicalResourceId"])
            for one in found
            if one["ResourceStatus"] != "DELETE_COMPLETE"
        },
    )
    for one in found:
        if one["ResourceType"] == NESTED:
            yield from _stacks(one["PhysicalResourceId"], cloudformation)
