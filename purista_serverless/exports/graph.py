"""The topology as a Mermaid flowchart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from purista_serverless.model import CommandTarget, EventTarget, QueueTarget, Target
from purista_serverless.topology import (
    BindingEdge,
    CallEdge,
    Edge,
    Function,
    Permission,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
    Topology,
)

NodeKind = Literal["function", "event", "queue", "schedule"]

# Shapes of Mermaid: a box, a flag, a cylinder and a stadium.
_SHAPES: dict[NodeKind, tuple[str, str]] = {
    "function": ("[", "]"),
    "event": (">", "]"),
    "queue": ("[(", ")]"),
    "schedule": ("([", "])"),
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Node:
    kind: NodeKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Arrow:
    source: _Node
    target: _Node
    label: str


def graph(topology: Topology) -> str:
    """Draw who starts whom; the same text for the same topology.

    Example:
        >>> print(graph(Topology(application="empty", functions=(), edges=())), end="")
        flowchart LR
    """
    arrows = sorted({*_edge_arrows(topology), *_permission_arrows(topology)})
    nodes = sorted({*map(_function_node, topology.functions), *_ends(arrows)})
    ids = {node: f"n{place}" for place, node in enumerate(nodes, 1)}
    lines = ["flowchart LR", *(f"    {ids[node]}{_shape(node)}" for node in nodes)]
    lines += [f"    {ids[arrow.source]} {_line(arrow)} {ids[arrow.target]}" for arrow in arrows]
    return "\n".join(lines) + "\n"


def _ends(arrows: Iterable[_Arrow]) -> Iterator[_Node]:
    for arrow in arrows:
        yield arrow.source
        yield arrow.target


def _shape(node: _Node) -> str:
    opening, closing = _SHAPES[node.kind]
    return f'{opening}"{node.name}"{closing}'


def _line(arrow: _Arrow) -> str:
    return f'-->|"{arrow.label}"|' if arrow.label else "-->"


def _function_node(function: Function) -> _Node:
    return _Node(kind="function", name=function.name)


def _edge_arrows(topology: Topology) -> Iterator[_Arrow]:
    for edge in topology.edges:
        source = _source_of(edge)
        if edge.consumer is not None:
            yield _Arrow(source=source, target=_Node(kind="function", name=edge.consumer), label="")
        elif isinstance(edge, BindingEdge):
            yield _Arrow(source=source, target=_Node(kind="queue", name=edge.queue), label="")
        elif isinstance(edge, ScheduleEdge):
            yield from _direct_arrow(edge.target, source)


def _source_of(edge: Edge) -> _Node:
    match edge:
        case QueueEdge(queue=queue):
            return _Node(kind="queue", name=queue)
        case SubscriptionEdge(filter=listens):
            return _Node(kind="event", name=listens.event or f"{listens.message_type or 'any'} message")
        case BindingEdge(event=event):
            return _Node(kind="event", name=event)
        case ScheduleEdge(schedule=schedule):
            return _Node(kind="schedule", name=schedule)
        case CallEdge():
            return _Node(kind="queue", name=edge.name)


def _direct_arrow(target: Target, source: _Node) -> Iterator[_Arrow]:
    match target:
        case EventTarget(event=event):
            yield _Arrow(source=source, target=_Node(kind="event", name=event), label="")
        case QueueTarget(queue=queue):
            yield _Arrow(source=source, target=_Node(kind="queue", name=queue), label="")
        case CommandTarget():
            yield _Arrow(source=source, target=_Node(kind="queue", name=f"call:{source.name}"), label="")


def _permission_arrows(topology: Topology) -> Iterator[_Arrow]:
    for function in topology.functions:
        for permission in function.permissions:
            target = _permission_target(permission)
            if target is not None:
                yield _Arrow(source=_function_node(function), target=target, label=permission.verb)


def _permission_target(permission: Permission) -> _Node | None:
    match permission.verb:
        case "emit":
            return _Node(kind="event", name=permission.target)
        case "enqueue":
            return _Node(kind="queue", name=permission.target)
        case "invoke" if permission.target.startswith("call:"):
            return _Node(kind="queue", name=permission.target)
        case "invoke":
            # A command of another system has no function here; it is drawn all the same.
            return _Node(kind="function", name=f"command:{permission.target}")
        case _:
            return None
