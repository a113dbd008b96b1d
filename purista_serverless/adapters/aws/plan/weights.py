"""How many resources CloudFormation will count, after SAM has made several of some."""

from collections import defaultdict
from collections.abc import Iterator

from purista_serverless.adapters.aws.plan.draft import Draft
from purista_serverless.adapters.aws.plan.layout import Unit
from purista_serverless.adapters.aws.plan.resources import Function, HttpApi, Resource, Route
from purista_serverless.synth.queues import queue_edge_of
from purista_serverless.topology import BindingEdge, Edge, HttpTrigger, ScheduleEdge, SubscriptionEdge

# Application and role of CodeDeploy, which SAM adds to a template whose functions take over step by step.
DEPLOYMENT_RESOURCES = 2

# The function with version and alias, its role and its log group.
_FUNCTION = 5
_ROUTE = 3


def weight_of(resource: Resource, *, has_canary: bool) -> int:
    """Give the number of resources that become of one after translation."""
    match resource:
        case Function(sources=sources):
            return 3 + len(sources) + has_canary
        case Route():
            return _ROUTE
        case HttpApi():
            return 2
        case _:
            return 1


def units_of(draft: Draft) -> Iterator[Unit]:
    """Give what stays together, with its weight, before anything is planned."""
    extra = draft.options.canary is not None
    weights: defaultdict[str, int] = defaultdict(int)
    services: dict[str, str] = {}
    for function in draft.topology.functions:
        routes = sum(isinstance(trigger, HttpTrigger) for trigger in function.triggers)
        sources = len(draft.consumes.get(function.name, ()))
        weights[function.name] += _FUNCTION + extra + sources + routes * _ROUTE
        services[function.name] = f"{function.address.service}-{function.address.version}"
    for edge in draft.topology.edges:
        home = draft.homes[edge.name]
        weights[home] += _edge_weight(edge, draft)
        services.setdefault(home, _service_of(edge, draft))
    return (Unit(name=name, service=services[name], weight=weight) for name, weight in weights.items())


def _edge_weight(edge: Edge, draft: Draft) -> int:
    """Count queue, dead letter and alarms, then rules and policies, or expressions with their role."""
    weight = 1 + 2 * draft.options.alarms + (queue_edge_of(edge) is not None)
    match edge:
        case SubscriptionEdge() | BindingEdge():
            # A rule, the policy of the dead letter, and that of the queue.
            return weight + 3
        case ScheduleEdge(consumer=consumer):
            # A gate is knocked at after deployments: the same three, at most.
            return weight + 1 + _expressions(edge, draft) + 3 * (consumer is not None)
        case _:
            return weight


def _expressions(edge: ScheduleEdge, draft: Draft) -> int:
    translation = draft.translations.get(edge.schedule)
    return 0 if translation is None else len(translation.expressions)


def _service_of(edge: Edge, draft: Draft) -> str:
    if isinstance(edge, ScheduleEdge):
        address = draft.schedules[edge.schedule].address
        return f"{address.service}-{address.version}"
    return draft.application.name
