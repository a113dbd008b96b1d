"""A deployed stack as its outputs tell of it: queues by edge, and the few names that all functions share."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import CLAIM_CHECK, DEAD_LETTERS, EVENT_BUS, LEDGER, QUEUES
from purista_serverless.adapters.aws.ports.failures import call, code_of
from purista_serverless.errors import ProviderRefused, UndeclaredUse
from purista_serverless.runtime.deployed import Use

if TYPE_CHECKING:
    from collections.abc import Callable

NESTED = "AWS::CloudFormation::Stack"

_DEAD_LETTER_OF = "dead letter of "
_NAMES = {"Bus": EVENT_BUS, "ClaimCheck": CLAIM_CHECK, "Ledger": LEDGER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What is deployed, by the names that the application knows.

    Attributes:
        name: Name of the stack.
        queues: URLs of queues by edge.
        dead_letters: URLs of dead-letter queues by edge.
        names: Bus, table of records and bucket of large bodies, by the variable that holds each in a function.
    """

    name: str
    queues: Mapping[str, str]
    dead_letters: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Give the variables of a function that may use all of it."""
        return {**self.names, QUEUES: json.dumps(dict(self.queues)), DEAD_LETTERS: json.dumps(dict(self.dead_letters))}


def find_stack(name: str, cloudformation: Any) -> Stack:
    """Read the outputs of a stack, and of those nested in it.

    Args:
        name: Name of the stack, or its ARN.
        cloudformation: A client of CloudFormation.

    Raises:
        ProviderRefused: There is none of that name, it has no outputs of ours, or its outputs may not be read.
        Unavailable: CloudFormation could not be reached.
    """
    queues: dict[str, str] = {}
    dead_letters: dict[str, str] = {}
    names: dict[str, str] = {}
    for output in _outputs(name, cloudformation):
        told, value = output.get("Description", ""), output["OutputValue"]
        if told.startswith(_DEAD_LETTER_OF):
            dead_letters[told.removeprefix(_DEAD_LETTER_OF)] = value
        elif output["OutputKey"] in _NAMES:
            names[_NAMES[output["OutputKey"]]] = value
        elif ":" in told and value.startswith(("https://", "http://")):
            queues[told] = value
    if not (queues or dead_letters or names):
        raise ProviderRefused(
            f"stack {name!r} has no outputs of purista-serverless; name the one that `sam deploy` made"
        )
    return Stack(name=name, queues=queues, dead_letters=dead_letters, names=names)


def ask(action: str, method: "Callable[..., Any]", target: str, **parameters: Any) -> Any:
    """Call AWS as a person's tool does; ``call`` of the ports speaks to the author of a function.

    Raises:
        ProviderRefused: The credentials do not allow it, or it would be refused again.
        Unavailable: The network, a throttle or a fault of the service.
    """
    try:
        return call(method, Use(action, "use credentials that may"), target, **parameters)
    except UndeclaredUse as error:
        raise ProviderRefused(f"these credentials may not do {action} on {target}; use others") from error


def describe(name: str, cloudformation: Any) -> Mapping[str, Any]:
    """Give what CloudFormation says of a stack.

    Raises:
        ProviderRefused: There is none of that name, or it may not be looked at.
        Unavailable: CloudFormation could not be reached.
    """
    described = ask(
        "cloudformation:DescribeStacks",
        cloudformation.describe_stacks,
        name,
        expected=("ValidationError",),
        StackName=name,
    )
    if code_of(described):
        region = cloudformation.meta.region_name
        raise ProviderRefused(f"there is no stack {name!r} in {region}; name another, or set AWS_REGION")
    found: Mapping[str, Any] = described["Stacks"][0]
    return found


def resources_of(name: str, cloudformation: Any) -> Iterator[Mapping[str, str]]:
    """Give the resources that a stack has, without those of stacks nested in it."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    listed = ask("cloudformation:ListStackResources", lambda: list(pages.search("StackResourceSummaries[]")), name)
    for resource in listed:
        # CloudFormation goes on listing what it has deleted, and what was never made.
        if resource["ResourceStatus"] != "DELETE_COMPLETE" and "PhysicalResourceId" in resource:
            yield resource


def _outputs(name: str, cloudformation: Any) -> Iterator[Mapping[str, str]]:
    yield from describe(name, cloudformation).get("Outputs", ())
    for resource in resources_of(name, cloudformation):
        if resource["ResourceType"] == NESTED:
            yield from _outputs(resource["PhysicalResourceId"], cloudformation)
