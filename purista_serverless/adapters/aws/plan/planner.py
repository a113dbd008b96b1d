"""The plan of a whole deployment: from a topology to stacks of resources."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from purista_serverless.adapter import Adapter
from purista_serverless.adapters.aws.constants import COMMAND_TRIGGER, HTTP_TRIGGER, QUEUE_EDGE
from purista_serverless.adapters.aws.options import options_of
from purista_serverless.adapters.aws.plan.draft import Draft, draft_of
from purista_serverless.adapters.aws.plan.functions import Surroundings, function_of
from purista_serverless.adapters.aws.plan.http import route_of
from purista_serverless.adapters.aws.plan.layout import ROOT, stacks_of
from purista_serverless.adapters.aws.plan.names import function_names, logical_ids, queue_names
from purista_serverless.adapters.aws.plan.places import Places
from purista_serverless.adapters.aws.plan.queues import dead_letter_of, policy_of, queue_of, rule_of
from purista_serverless.adapters.aws.plan.resources import QueuePolicy, Resource, Rule, Schedule
from purista_serverless.adapters.aws.plan.schedules import knocks_of, schedules_of
from purista_serverless.adapters.aws.plan.shared import shared_resources
from purista_serverless.adapters.aws.plan.stacks import Deployment, deployment_of
from purista_serverless.adapters.aws.plan.weights import DEPLOYMENT_RESOURCES, units_of, weight_of
from purista_serverless.model import Application
from purista_serverless.synth.handlers import handler_paths
from purista_serverless.synth.names import camel
from purista_serverless.synth.queues import queue_edge_of
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


def plan(topology: Topology, application: Application, adapter: Adapter) -> Deployment:
    """Plan the resources of an application.

    Args:
        topology: Its functions and edges, without what the provider carries by itself.
        application: The compiled application.
        adapter: The adapter, configured or not.
    """
    draft = draft_of(topology, application, options_of(adapter))
    shared = tuple(shared_resources(draft))
    places = _places(draft, shared)
    stacks: defaultdict[str, list[Resource]] = defaultdict(list)
    stacks[ROOT].extend(shared)
    paths = handler_paths(topology)
    for function in topology.functions:
        handler = f"{paths[function.name].removesuffix('.py').replace('/', '.')}.handler"
        stacks[places.stacks[function.name]].extend(_function_resources(function, handler, draft, places))
    for edge in topology.edges:
        stacks[places.stacks[edge.name]].extend(_edge_resources(edge, draft, places))
    for stack, gates in _gates(topology, places).items():
        stacks[stack].extend(knocks_of(gates, places, draft.schedules))
    for resources in stacks.values():
        resources.extend(_policies(resources))
    apart = _taken_out(stacks) if draft.options.schedules_apart else ()
    return deployment_of(draft, places, stacks, apart)


def _taken_out(stacks: dict[str, list[Resource]]) -> tuple[Schedule, ...]:
    """Take the schedules out of their stacks, and nothing else: where the rest is does not depend on that."""
    found = [one for resources in stacks.values() for one in resources if isinstance(one, Schedule)]
    for stack, resources in stacks.items():
        stacks[stack] = [one for one in resources if not isinstance(one, Schedule)]
    return tuple(sorted(found, key=attrgetter("id")))


def _places(draft: Draft, shared: tuple[Resource, ...]) -> Places:
    topology, options = draft.topology, draft.options
    functions = [function.name for function in topology.functions]
    edges = [edge.name for edge in topology.edges]
    queues = {edge.name: name for edge in topology.edges if (name := queue_edge_of(edge)) is not None}
    function_ids, edge_ids = logical_ids(functions, edges, options.alias)
    has_canary = options.canary is not None
    weight = sum(weight_of(one, has_canary=has_canary) for one in shared) + has_canary * DEPLOYMENT_RESOURCES
    units = stacks_of(units_of(draft), weight, options.stacks)
    stacks = {name: units[draft.homes.get(name, name)] for name in (*functions, *edges)}
    return Places(
        function_ids=function_ids,
        edge_ids={**edge_ids, **{queue: edge_ids[edge] for edge, queue in queues.items()}},
        function_names=function_names(functions),
        queue_names=queue_names(queues.values()),
        fifo=draft.fifo,
        stacks={**stacks, **{queue: stacks[edge] for edge, queue in queues.items()}},
        external=dict(_external(draft)),
        alias=options.alias,
    )


def _external(draft: Draft) -> Iterator[tuple[str, str]]:
    """Give what is sent to and is not ours, with what the names of its parameters begin with."""
    ours = {*draft.functions, *draft.edges}
    for permission in {one for function in draft.topology.functions for one in function.permissions}:
        target = permission.target
        if permission.verb == "enqueue" and f"{QUEUE_EDGE}{target}" not in ours:
            yield f"{QUEUE_EDGE}{target}", f"{camel(target)}Queue"
        if permission.verb == "invoke" and not {target, f"{COMMAND_TRIGGER}{target}"} & ours:
            yield target, f"{camel(target)}Command"


def _function_resources(function: Function, handler: str, draft: Draft, places: Places) -> Iterator[Resource]:
    consumes, resends = draft.consumes.get(function.name, ()), draft.resends(function)
    around = Surroundings(
        handler=handler,
        timing=draft.timings[function.name],
        consumes=consumes,
        resends=resends,
        claims=tuple(sorted(set(draft.claim_prefixes(consumes)))) if draft.options.claim_check else None,
        tenant_claim=_tenant_claim(function, draft),
        has_metrics=draft.options.metrics,
        is_recursive=function.name in draft.recursive or bool(resends),
    )
    yield from function_of(function, places, draft.options, around)
    if function.kind == "command":
        yield from route_of(function, draft.lookup.commands[function.address].http, places, draft.authorization)


def _tenant_claim(function: Function, draft: Draft) -> str | None:
    is_exposed = any(trigger.name.startswith(HTTP_TRIGGER) for trigger in function.triggers)
    return draft.options.tenant_claim if is_exposed and draft.authorization == "JWT" else None


def _edge_resources(edge: Edge, draft: Draft, places: Places) -> Iterator[Resource]:
    declared = draft.declared(edge)
    name = queue_edge_of(edge)
    if name is not None and edge.consumer is not None:
        yield queue_of(
            name,
            edge,
            places,
            visibility=draft.timings[edge.consumer].visibility,
            delay=draft.delay_of(edge),
            attempts=draft.attempts_of(edge),
            declared=declared,
        )
    yield from dead_letter_of(edge, places, has_alarms=draft.options.alarms, is_fifo=edge.name in draft.fifo)
    match edge:
        case SubscriptionEdge() | BindingEdge(consumer=str()):
            yield rule_of(edge, places, target=places.queue_id(edge.name), declared=declared)
        case BindingEdge(queue=queue):
            yield rule_of(edge, places, target=places.queue_id(f"{QUEUE_EDGE}{queue}"), declared=declared)
        case ScheduleEdge():
            yield from schedules_of(edge, draft, places)
        case QueueEdge() | CallEdge():
            pass


def _gates(topology: Topology, places: Places) -> Mapping[str, list[ScheduleEdge]]:
    gates: defaultdict[str, list[ScheduleEdge]] = defaultdict(list)
    for edge in topology.edges:
        if isinstance(edge, ScheduleEdge) and edge.consumer is not None:
            gates[places.stacks[edge.name]].append(edge)
    return gates


def _policies(resources: Iterable[Resource]) -> Iterator[QueuePolicy]:
    """Plan one policy per queue that rules send to, or bury in."""
    senders: defaultdict[str, set[str]] = defaultdict(set)
    for resource in resources:
        if isinstance(resource, Rule):
            for target in resource.targets:
                senders[target.queue].add(resource.id)
                senders[target.dead_letter].add(resource.id)
    return (policy_of(queue, tuple(sorted(rules))) for queue, rules in sorted(senders.items()))
