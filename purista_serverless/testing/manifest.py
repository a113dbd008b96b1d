"""A plan for providers that do not exist: the topology itself, as one JSON file that can be compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from purista_serverless.adapter import Adapter
from purista_serverless.model import Application
from purista_serverless.naming import shorten, slug
from purista_serverless.synth.files import MARKER
from purista_serverless.synth.handlers import handler_paths
from purista_serverless.testing.contracts.deployment import Deployment
from purista_serverless.topology import Edge, Function, Topology

_DEFAULT_LIMIT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What would be deployed: functions, edges with their dead letters, and a resource name for each."""

    adapter: str
    application: str
    functions: tuple[dict[str, Any], ...]
    edges: tuple[dict[str, Any], ...]


def plan(topology: Topology, application: Application, adapter: Adapter) -> Manifest:
    """Plan the topology as it is, with names of the provider's length."""
    row = adapter.capabilities.limit("name", "command")
    limit = _DEFAULT_LIMIT if row is None else row.value
    paths = handler_paths(topology)
    return Manifest(
        adapter=adapter.name,
        application=application.name,
        functions=tuple(
            _function_shape(function, paths[function.name], resource_name(application.name, function.name, limit))
            for function in topology.functions
        ),
        edges=tuple(_edge_shape(edge, resource_name(application.name, edge.name, limit)) for edge in topology.edges),
    )


def render(manifest: Manifest) -> dict[str, str]:
    """Render the manifest; its first line says that it is generated."""
    shape = {"application": manifest.application, "functions": manifest.functions, "edges": manifest.edges}
    body = json.dumps(shape, indent=2, sort_keys=True)
    return {f"infra/{manifest.adapter}/topology.json": f'{{"//": "{MARKER}",{body[1:]}\n'}


def read(files: Mapping[str, str]) -> Deployment:
    """Read the facts back from a rendered manifest."""
    text = next(text for path, text in files.items() if path.endswith("/topology.json"))
    shape = json.loads(text)
    functions, edges = shape["functions"], shape["edges"]
    return Deployment(
        names=(
            *(("command", function["resource"]) for function in functions),
            *(("queue", edge["resource"]) for edge in edges),
        ),
        triggers={function["name"]: tuple(function["triggers"]) for function in functions},
        permissions={function["name"]: frozenset(function["permissions"]) for function in functions},
        dead_letters={edge["name"]: edge["deadLetter"]["retention"] for edge in edges},
    )


def resource_name(application: str, name: str, limit: int) -> str:
    """Give a name within a provider's limit.

    Example:
        >>> resource_name("shop", "queue:orders.paid", 63)
        'shop-queue-orders-paid'
    """
    return shorten(slug(f"{application}-{name}"), limit)


def _function_shape(function: Function, path: str, resource: str) -> dict[str, Any]:
    return {
        "name": function.name,
        "resource": resource,
        "handler": path,
        "triggers": [trigger.name for trigger in function.triggers],
        "permissions": [f"{permission.verb} {permission.target}" for permission in function.permissions],
        "tracking": function.tracking,
        "timeout": _seconds(function.timeout),
    }


def _edge_shape(edge: Edge, resource: str) -> dict[str, Any]:
    return {
        "name": edge.name,
        "resource": resource,
        "consumer": edge.consumer,
        "maxAttempts": edge.lifecycle.max_attempts,
        "visibility": _seconds(edge.lifecycle.visibility),
        "deadLetter": {"retention": _seconds(edge.dead_letter.retention)},
    }


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
