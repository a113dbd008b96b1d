"""Who may do what: as a plan of Terraform grants it, and as the declarations ask for it, counted apart."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from purista_serverless.model import Application, Filter
from purista_serverless.topology import (
    BindingEdge,
    CallTrigger,
    Edge,
    EventTrigger,
    Function,
    HttpTrigger,
    Permission,
    QueueTrigger,
    ScheduleEdge,
    ScheduleTrigger,
    SubscriptionEdge,
    Topology,
)

# Holders that are no functions.
PUSH = "the pushing account"
AGENT = "Pub/Sub itself"
EVERYBODY = "everybody"

PUBLISH = "roles/pubsub.publisher"
RECEIVE = "roles/pubsub.subscriber"
INVOKE = "roles/run.invoker"
ACT_AS = "roles/iam.serviceAccountUser"
SIGN_AS = "roles/iam.serviceAccountTokenCreator"
DELAY = "roles/cloudtasks.enqueuer"
RECORD = "roles/datastore.user"
READ_SECRET = "roles/secretmanager.secretAccessor"  # noqa: S105 - the name of a role
WRITE_OBJECT = "roles/storage.objectCreator"
READ_OBJECT = "roles/storage.objectViewer"

# How the grants of the plan name what they are on.
_THINGS = {
    "google_pubsub_topic_iam_member": ("topic", "topic"),
    "google_pubsub_subscription_iam_member": ("subscription", "subscription"),
    "google_cloud_run_v2_service_iam_member": ("function", "name"),
    "google_service_account_iam_member": ("account", "service_account_id"),
    "google_cloud_tasks_queue_iam_member": ("tasks", "name"),
    "google_secret_manager_secret_iam_member": ("secret", "secret_id"),
    "google_storage_bucket_iam_member": ("bucket", "bucket"),
    "google_project_iam_member": ("project", "project"),
}


class Right(NamedTuple):
    """A role of a holder on a thing: ``topic queue~billing.monthlyClosing``."""

    holder: str
    role: str
    thing: str


class Granted:
    """What a plan grants.

    Args:
        plan: The plan as `terraform show -json` gives it.
        prefix: What all names begin with.
    """

    def __init__(self, plan: Mapping[str, Any], prefix: str) -> None:
        self.prefix = f"{prefix}-"
        self._resources = plan["planned_values"]["root_module"]["resources"]
        functions = list(self._of("google_cloudfunctions2_function"))
        pools = list(self._of("google_cloud_run_v2_worker_pool"))
        self.pools = frozenset(pool["description"] for pool in pools)
        self._functions = {found["name"]: found["description"] for found in functions}
        self._holders = {"allUsers": EVERYBODY}
        self._holders |= {
            found["service_config"][0]["service_account_email"]: found["description"] for found in functions
        }
        self._holders |= {found["template"][0]["service_account"]: found["description"] for found in pools}

    def rights(self) -> list[Right]:
        """List all that is granted; a right that is granted twice is there twice."""
        return [
            Right(self._holder(found["member"]), found["role"], f"{kind} {self._thing(kind, found[argument])}")
            for type_, (kind, argument) in _THINGS.items()
            for found in self._of(type_)
        ]

    def conditions(self, role: str) -> dict[str, list[str]]:
        """Give the conditions of a role by holder."""
        found: dict[str, list[str]] = {}
        for type_ in _THINGS:
            for grant in self._of(type_):
                if grant["role"] == role:
                    expressions = [condition["expression"] for condition in grant["condition"]]
                    found.setdefault(self._holder(grant["member"]), []).extend(expressions)
        return found

    def _of(self, type_: str) -> Iterator[Mapping[str, Any]]:
        return (resource["values"] for resource in self._resources if resource["type"] == type_)

    def _holder(self, member: str) -> str:
        name = member.removeprefix("serviceAccount:")
        if name.endswith("@gcp-sa-pubsub.iam.gserviceaccount.com"):
            return AGENT
        return PUSH if name.startswith(f"{self.prefix}push@") else self._holders[name]

    def _thing(self, kind: str, name: str) -> str:
        if kind == "account":
            return self._holder(name.rpartition("/")[2])
        if kind == "function":
            return str(self._functions[name])
        return name.removeprefix(self.prefix)


class Declared:
    """What the declarations of an application ask for.

    Args:
        application: The application.
        topology: Its functions and edges, without what Google carries by itself.
        pools: Workers whose runs are too long to be pushed.
        project: The project that it is deployed to.
    """

    def __init__(self, application: Application, topology: Topology, pools: Iterable[str], project: str) -> None:
        self._application = application
        self._topology = topology
        self._pools = frozenset(pools)
        self._project = project
        self._delays = {queue.name: queue.max_delay for queue in application.queues}
        self._consumed = {edge.name for edge in topology.edges if edge.consumer is not None}

    def rights(self, *, asks_application: bool) -> frozenset[Right]:
        """Give all that is asked for; ``asks_application`` says who knows the callers of private routes."""
        return frozenset(self._rights(asks_application=asks_application))

    def records(self) -> frozenset[str]:
        """Give the functions that read and write records."""
        return frozenset(
            function.name
            for function in self._topology.functions
            if any(permission.verb == "use-ledger" for permission in function.permissions)
        )

    def claims(self, role: str) -> dict[str, set[str]]:
        """Give what the names of the objects begin with that each function may read or write."""
        found = {function.name: set(self._claims(function, role)) for function in self._topology.functions}
        return {name: edges for name, edges in found.items() if edges}

    def _claims(self, function: Function, role: str) -> Iterator[str]:
        for trigger in function.triggers:
            # What comes from a clock is small.
            if isinstance(trigger, QueueTrigger | CallTrigger | EventTrigger):
                yield trigger.name
            if isinstance(trigger, EventTrigger) and role == READ_OBJECT:
                yield from (f"event:{event}" for event in self._events(self._topology.edge(trigger.edge)))
        if role == WRITE_OBJECT:
            yield from (edge for permission in function.permissions for edge in self._written(permission))

    def _written(self, permission: Permission) -> Iterator[str]:
        target = permission.target
        match permission.verb:
            case "emit":
                yield f"event:{target}"
            case "enqueue":
                yield f"queue:{target}"
            case "invoke" if target.startswith("call:"):
                yield target
            case "dead-letter" if not target.startswith("schedule:"):
                yield target
            case _:
                pass

    def _events(self, edge: Edge) -> tuple[str, ...]:
        match edge:
            case SubscriptionEdge(filter=Filter(event=str(event))) | BindingEdge(event=event):
                return (event,)
            case _:
                return tuple(event.name for event in self._application.events)

    def _rights(self, *, asks_application: bool) -> Iterator[Right]:
        for function in self._topology.functions:
            yield from self._of_function(function)
            yield from self._of_others(function, asks_application=asks_application)
        for edge in self._topology.edges:
            if edge.consumer is not None:
                yield Right(AGENT, PUBLISH, f"topic dead-letter~{_named(edge.name)}")
                for name in self._subscriptions(edge):
                    yield Right(AGENT, RECEIVE, f"subscription {name}")
        if any(own_topics(function) and function.name not in self._pools for function in self._topology.functions):
            yield Right(AGENT, SIGN_AS, f"account {PUSH}")

    def _of_function(self, function: Function) -> Iterator[Right]:
        name, own = function.name, own_topics(function)
        for permission in function.permissions:
            yield from self._of_permission(name, permission)
        for topic in own:
            yield Right(name, PUBLISH, f"topic {topic}")
        if name in self._pools:
            yield from (Right(name, RECEIVE, f"subscription {topic}") for topic in own)
        if own or any(self._may_wait(permission) for permission in function.permissions):
            yield Right(name, DELAY, "tasks later")
            yield Right(name, ACT_AS, f"account {name}")

    def _of_permission(self, holder: str, permission: Permission) -> Iterator[Right]:
        target = permission.target
        match permission.verb:
            case "emit":
                yield Right(holder, PUBLISH, f"topic event~{target}")
            case "enqueue":
                yield Right(holder, PUBLISH, f"topic queue~{target}")
            case "invoke" if target.startswith("call:"):
                yield Right(holder, PUBLISH, f"topic {_named(target)}")
            case "invoke" if self._is_ours(target):
                yield Right(holder, INVOKE, f"function command:{target}")
            case "knock":
                yield Right(holder, PUBLISH, f"topic {_named(target).replace('schedule~', 'gate~', 1)}")
            case "dead-letter" if target in self._consumed:
                yield Right(holder, PUBLISH, f"topic dead-letter~{_named(target)}")
            case "read-secret":
                yield Right(holder, READ_SECRET, f"secret {target}")
            case "use-ledger":
                yield Right(holder, RECORD, f"project {self._project}")
            case _:
                # Configuration is in the function's variables, and other systems grant what is theirs.
                pass

    def _of_others(self, function: Function, *, asks_application: bool) -> Iterator[Right]:
        if own_topics(function) and function.name not in self._pools:
            yield Right(PUSH, INVOKE, f"function {function.name}")
        for trigger in function.triggers:
            if isinstance(trigger, HttpTrigger) and (trigger.public or asks_application):
                yield Right(EVERYBODY, INVOKE, f"function {function.name}")

    def _subscriptions(self, edge: Edge) -> Iterator[str]:
        match edge:
            case SubscriptionEdge():
                yield f"again~{_named(edge.name)}"
                if edge.filter.event is None:
                    yield from (f"{_named(edge.name)}~{event}" for event in self._events(edge))
                else:
                    yield _named(edge.name)
            case BindingEdge():
                yield from (f"again~{_named(edge.name)}", _named(edge.name))
            case ScheduleEdge():
                yield f"gate~{edge.schedule}"
            case _:
                yield _named(edge.name)

    def _is_ours(self, address: str) -> bool:
        return f"command:{address}" in {function.name for function in self._topology.functions}

    def _may_wait(self, permission: Permission) -> bool:
        delay = self._delays.get(permission.target)
        return permission.verb == "enqueue" and (delay is None or delay > timedelta(0))


def own_topics(function: Function) -> list[str]:
    """Give the topics whose messages start a function and no other: it puts off to them what comes too early."""
    found = []
    for trigger in function.triggers:
        match trigger:
            case QueueTrigger() | CallTrigger() | ScheduleTrigger():
                found.append(_named(trigger.name))
            case EventTrigger():
                found.append(f"again~{_named(trigger.edge)}")
            case _:
                pass
    return found


def _named(edge: str) -> str:
    return edge.replace(":", "~")
