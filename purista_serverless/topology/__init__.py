"""An application as functions and the edges between them, before any provider is chosen.

Everything here is pure and knows the model only: no adapter, no file, no resource name of a provider.
"""

from purista_serverless.topology.compile import topology_of
from purista_serverless.topology.edges import (
    BindingEdge,
    CallEdge,
    DeadLetter,
    Edge,
    QueueEdge,
    ScheduleEdge,
    SubscriptionEdge,
)
from purista_serverless.topology.functions import (
    CallTrigger,
    EventTrigger,
    Function,
    FunctionKind,
    HttpTrigger,
    InvokeTrigger,
    Permission,
    QueueTrigger,
    ScheduleTrigger,
    Topology,
    Trigger,
    Verb,
)

__all__ = [
    "BindingEdge",
    "CallEdge",
    "CallTrigger",
    "DeadLetter",
    "Edge",
    "EventTrigger",
    "Function",
    "FunctionKind",
    "HttpTrigger",
    "InvokeTrigger",
    "Permission",
    "QueueEdge",
    "QueueTrigger",
    "ScheduleEdge",
    "ScheduleTrigger",
    "SubscriptionEdge",
    "Topology",
    "Trigger",
    "Verb",
    "topology_of",
]
