"""Plans for Google Cloud, and what tests look for in them."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from purista_serverless.adapter import Adapter, configure
from purista_serverless.adapters import load_adapter
from purista_serverless.adapters.gcp.plan.resources import Deployment, Function, Job, Resource, Subscription
from purista_serverless.model import Application
from purista_serverless.synth.blueprint import draw

R = TypeVar("R", bound=Resource)


def adapter_with(**options: Any) -> Adapter:
    """Give the adapter with options."""
    return configure(load_adapter("gcp"), options)


def planned(application: Application, **options: Any) -> Deployment:
    """Plan an application."""
    deployment: Deployment = draw(application, adapter_with(**options)).plan
    return deployment


def of_kind(deployment: Deployment, kind: type[R]) -> list[R]:
    """Give the resources of a kind."""
    return [one for one in deployment.resources if isinstance(one, kind)]


def functions_of(deployment: Deployment) -> Mapping[str, Function]:
    """Give functions by their names in the topology."""
    return {one.function: one for one in of_kind(deployment, Function)}


def subscriptions_of(deployment: Deployment, edge: str) -> list[Subscription]:
    """Give what brings the messages of an edge."""
    return [one for one in of_kind(deployment, Subscription) if one.edge == edge and one.kind != "dead-letter"]


def jobs_of(deployment: Deployment, schedule: str) -> list[Job]:
    """Give the jobs of a schedule."""
    return [one for one in of_kind(deployment, Job) if one.schedule == schedule]


def variables_of(deployment: Deployment, function: str) -> dict[str, str]:
    """Give the variables of a function."""
    return {name: str(value) for name, value in functions_of(deployment)[function].environment}


def table_of(deployment: Deployment, function: str, variable: str) -> dict[str, str]:
    """Give a variable of a function that holds a table."""
    found: dict[str, str] = json.loads(variables_of(deployment, function)[variable])
    return found
