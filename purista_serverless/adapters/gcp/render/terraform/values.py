"""What the arguments of several resources are made of."""

from typing import Any

from purista_serverless.adapters.gcp.plan.resources import Sub
from purista_serverless.adapters.gcp.render.terraform.expressions import template

Arguments = dict[str, Any]


def named(name: str) -> str:
    """Put the prefix before a name."""
    return template(Sub(f"${{prefix}}-{name}"))


def seconds(duration: int) -> str:
    """Write a duration.

    Example:
        >>> seconds(600)
        '600s'
    """
    return f"{duration}s"
