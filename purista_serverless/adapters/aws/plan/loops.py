"""Functions that can cause their own next invocation by what they declare: queues, events, calls and gates."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from purista_serverless.adapters.aws.constants import CALL_EDGE, SCHEDULE_EDGE
from purista_serverless.topology import (
    BindingEdge,
    CallEdge,
    Edge,
    Function,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
    Topology,
)


def recursive_functions(topology: Topology) -> frozenset[str]:
    """Give the functions that lie on a circle; Lambda stops what goes round 16 times, unless told that it is meant.

    An event counts as sent to every subscription that could match it.
    """
    return frozenset(_circles(_successors(topology)))


def _successors(topology: Topology) -> dict[str, tuple[str, ...]]:
    queues, events, calls, gates = _consumers(topology)
    every = events.get(None, ())

    def followers(function: Function) -> Iterator[str]:
        for permission in function.permissions:
            target = permission.target
            match permission.verb:
                case "enqueue":
                    yield from queues.get(target, ())
                case "emit":
                    yield from (*events.get(target, ()), *every)
                case "invoke" if target.startswith(CALL_EDGE):
                    yield from calls.get(target, ())
                case "invoke":
                    yield f"command:{target}"
                case "knock":
                    yield from gates.get(target.removeprefix(SCHEDULE_EDGE), ())
                case _:
                    pass

    return {function.name: tuple(sorted(set(followers(function)))) for function in topology.functions}


_Found = Mapping[str, tuple[str, ...]]


def _consumers(topology: Topology) -> tuple[_Found, Mapping[str | None, tuple[str, ...]], _Found, _Found]:
    """Give who consumes queues, events, calls and slots, by name; events of any name by ``None``."""
    queues = {edge.queue: (edge.consumer,) for edge in topology.edges if isinstance(edge, QueueEdge)}
    events: defaultdict[str | None, tuple[str, ...]] = defaultdict(tuple)
    calls: dict[str, tuple[str, ...]] = {}
    gates: dict[str, tuple[str, ...]] = {}
    for edge in topology.edges:
        match edge:
            case SubscriptionEdge(filter=wanted, consumer=consumer):
                events[wanted.event] += (consumer,)
            case BindingEdge(event=event):
                events[event] += _reached(edge, queues)
            case CallEdge(name=name, consumer=consumer):
                calls[name] = (consumer,)
            case ScheduleEdge(schedule=schedule):
                gates[schedule] = _reached(edge, queues)
            case QueueEdge():
                pass
    return queues, events, calls, gates


def _reached(edge: Edge, queues: _Found) -> tuple[str, ...]:
    """Give the function that an edge leads to, by its queue if it is direct."""
    if edge.consumer is not None:
        return (edge.consumer,)
    return queues.get(edge.queue, ()) if isinstance(edge, BindingEdge) else ()


def _circles(successors: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Give the members of all strongly connected parts with a circle, by Tarjan's search without recursion."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    for start in successors:
        if start in order:
            continue
        work = [(start, iter(successors[start]))]
        _enter(start, order, lowest, path, on_path)
        while work:
            name, rest = work[-1]
            following = next((found for found in rest if found in successors), None)
            if following is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == order[name]:
                    yield from _closed(name, path, on_path, successors)
            elif following not in order:
                _enter(following, order, lowest, path, on_path)
                work.append((following, iter(successors[following])))
            elif following in on_path:
                lowest[name] = min(lowest[name], order[following])


def _enter(name: str, order: dict[str, int], lowest: dict[str, int], path: list[str], on_path: set[str]) -> None:
    order[name] = lowest[name] = len(order)
    path.append(name)
    on_path.add(name)


def _closed(
    root: str, path: list[str], on_path: set[str], successors: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    place = path.index(root)
    members = tuple(path[place:])
    del path[place:]
    on_path.difference_update(members)
    return members if len(members) > 1 or root in successors[root] else ()
