"""An application drawn for a provider: what a check judges and a build renders, made once for both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapter import Adapter, load_object
from purista_serverless.model import Application
from purista_serverless.schedule import Knocks
from purista_serverless.topology import Topology, topology_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """An application on a provider.

    Attributes:
        application: The compiled application.
        adapter: The adapter, configured or not.
        topology: Its functions and edges, less what the provider carries by itself.
        plan: What the adapter's planner made of it; ``None`` when nothing is deployed.
    """

    application: Application
    adapter: Adapter
    topology: Topology
    plan: Any


def draw(application: Application, adapter: Adapter) -> Blueprint:
    """Compile the topology of an application and plan it; nothing is judged and nothing is rendered.

    Example:
        >>> from purista_serverless.adapters import load_adapter
        >>> from purista_serverless.model import Origin
        >>> empty = Application(name="empty", origin=Origin(file="app.py", line=1))
        >>> draw(empty, load_adapter("embedded")).plan is None
        True
    """
    topology = carried_topology(application, adapter)
    plan = None
    if adapter.planner is not None:
        plan = load_object(adapter.planner)(topology, application, adapter)
    return Blueprint(application=application, adapter=adapter, topology=topology, plan=plan)


def carried_topology(application: Application, adapter: Adapter) -> Topology:
    """Give the topology of an application on a provider, without the functions that it can do without.

    A schedule for which the provider's clock fires more often than it has slots needs its gate in any case.
    """
    topology, direct = topology_of(application), adapter.capabilities.direct
    return topology.carrying(direct, apart=frozenset(_knocked_at(application, adapter)) if direct else frozenset())


def _knocked_at(application: Application, adapter: Adapter) -> Iterator[str]:
    if adapter.translator is not None:
        translate = load_object(adapter.translator)
        for schedule in application.schedules:
            if isinstance(translate(schedule.expression, schedule.timezone, schedule.dst), Knocks):
                yield f"schedule:{schedule.name}"
