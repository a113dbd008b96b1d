"""Where the declaration behind each edge stands."""

from purista_serverless.model import Address, Application, Origin
from purista_serverless.topology import BindingEdge, CallEdge, Edge, QueueEdge, ScheduleEdge, SubscriptionEdge


class Sources:
    """The declarations of an application by what their edges say."""

    def __init__(self, application: Application) -> None:
        self._queues = {queue.name: queue for queue in application.queues}
        self._subscriptions = {subscription.address: subscription for subscription in application.subscriptions}
        self._bindings = {(binding.event, binding.queue): binding for binding in application.bindings}
        self._schedules = {schedule.name: schedule for schedule in application.schedules}

    def of(self, edge: Edge) -> tuple[str, Origin]:
        """Give the name of an edge's declaration, and where it stands."""
        match edge:
            case QueueEdge(queue=name):
                queue = self._queues[name]
                return named(queue.owner, name), queue.origin
            case SubscriptionEdge(subscription=address):
                return str(address), self._subscriptions[address].origin
            case BindingEdge(event=event, queue=target):
                binding = self._bindings[event, target]
                return named(binding.address, f"{event} -> {target}"), binding.origin
            case ScheduleEdge(schedule=name):
                schedule = self._schedules[name]
                return str(schedule.address), schedule.origin
            case CallEdge(schedule=name, command=command):
                schedule = self._schedules[name]
                return f"{schedule.address} -> {command}", schedule.origin


def named(address: Address, name: str) -> str:
    """Give a thing of a service as findings name it: ``Billing v1 > billing.monthlyClosing``."""
    return f"{address.service} v{address.version} > {name}"
