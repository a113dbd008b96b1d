"""Which edges have queues of their own, who consumes them, and whose runs have a bound."""

from collections import defaultdict

from purista_serverless.topology import (
    BindingEdge,
    CallEdge,
    Edge,
    Function,
    QueueEdge,
    QueueTrigger,
    ScheduleEdge,
    SubscriptionEdge,
    Topology,
)
from purista_serverless.topology.lookup import Lookup


def queue_edge_of(edge: Edge) -> str | None:
    """Give the name of the edge under which a function finds its queue; ``None`` if no queue is its own."""
    match edge:
        case QueueEdge() | SubscriptionEdge() | CallEdge():
            return edge.name
        case BindingEdge(consumer=consumer):
            return edge.name if consumer is not None else None
        case ScheduleEdge(consumer=consumer):
            return f"gate:{edge.schedule}" if consumer is not None else None


def consumed_by(topology: Topology) -> dict[str, tuple[str, ...]]:
    """Give the edges of the queues that start each function, sorted, by its name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for edge in topology.edges:
        name = queue_edge_of(edge)
        if name is not None and edge.consumer is not None:
            found[edge.consumer].append(name)
    return {function: tuple(sorted(names)) for function, names in found.items()}


def is_bounded(function: Function, lookup: Lookup) -> bool:
    """Say whether a run has a bound of its own; the visibility of an edge is none."""
    match function.kind:
        case "command" | "binding" | "gate":
            return True
        case "worker":
            queues = [trigger.queue for trigger in function.triggers if isinstance(trigger, QueueTrigger)]
            return all(lookup.queues[queue].max_runtime is not None for queue in queues)
        case "subscription":
            return False
