"""What a rule may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapters.gcp.plan.resources import Deployment, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A deployment, its resources by their ids, and the ids of the functions that other functions invoke."""

    deployment: Deployment
    resources: Mapping[str, Resource]
    invoked: frozenset[str]
