"""What the properties of several resources are made of."""

from typing import Any

from purista_serverless.adapters.aws.plan.resources import Sub

Properties = dict[str, Any]

POLICY_VERSION = "2012-10-17"

# What is lost with them cannot be made again; a deployment that fails at once leaves nothing behind.
KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def ref(id: str) -> Sub:
    """Refer to a resource or a parameter."""
    return Sub(f"${{{id}}}")


def arn_of(id: str) -> Sub:
    """Refer to the ARN of a resource."""
    return Sub(f"${{{id}.Arn}}")


def named(physical_name: str) -> Sub:
    """Put the prefix before a name."""
    return Sub(f"${{Prefix}}-{physical_name}")


def one_or_more(values: tuple[Any, ...]) -> Any:
    """Give a single value as such, as policies may have it."""
    return values[0] if len(values) == 1 else values
